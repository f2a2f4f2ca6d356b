/** What the bench uses of better-sqlite3, which comes without types. */
declare module 'better-sqlite3' {
  export interface Statement {
    run(...values: readonly unknown[]): unknown;
    get(...values: readonly unknown[]): unknown;
    all(...values: readonly unknown[]): unknown[];
    iterate(...values: readonly unknown[]): IterableIterator<unknown>;
    pluck(): this;
    raw(): this;
  }

  export default class Database {
    constructor(path: string);
    prepare(sql: string): Statement;
    exec(sql: string): this;
    pragma(source: string): unknown;
    close(): this;
  }
}
