/** What this package uses of better-sqlite3, which comes without types. */
declare module 'better-sqlite3' {
  export default class Database {
    /** A path, `:memory:`, or the bytes of a database to be held in memory. */
    constructor(source: string | Uint8Array, options?: { readonly timeout?: number; readonly readonly?: boolean });
    prepare(sql: string): {
      get(...values: readonly unknown[]): unknown;
      all(...values: readonly unknown[]): unknown[];
      run(...values: readonly unknown[]): unknown;
    };
    exec(sql: string): this;
    pragma(source: string, options?: { readonly simple?: boolean }): unknown;
    transaction(work: () => void): { immediate(): void };
    serialize(): Uint8Array;
    backup(path: string): Promise<unknown>;
    close(): this;
  }
}
