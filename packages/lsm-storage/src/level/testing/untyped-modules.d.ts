/** The parts that the tests use of modules which come without types. */

declare module 'tape' {
  import type { EventEmitter } from 'node:events';

  export interface TapeRow {
    readonly type: 'test' | 'assert' | 'end';
    /** Of a test: its name; of an assertion: its message. */
    readonly name?: string;
    readonly id?: number;
    /** Of an assertion: the test it belongs to. */
    readonly test?: number;
    readonly ok?: boolean;
    readonly operator?: string;
    readonly expected?: unknown;
    readonly actual?: unknown;
    readonly error?: { readonly stack?: string };
  }

  export interface TapeHarness {
    (name: string, run: (t: unknown) => unknown): void;
    /** Emits `data` with each row, and `end`. */
    createStream(options: { readonly objectMode: true }): EventEmitter;
  }

  const tape: { createHarness(): TapeHarness };
  export default tape;
}

declare module 'abstract-level/test/index.js' {
  import type { AbstractLevel } from 'abstract-level';

  export default function suite(options: {
    readonly test: unknown;
    readonly factory: (options?: object) => AbstractLevel<string | Buffer | Uint8Array>;
  }): void;
}
