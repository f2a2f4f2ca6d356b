/** The test primitives that a contract suite runs on: those of vitest and its relatives, as far as suites use them. */

export interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
}

export interface TestPrimitives {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void> | void) => void;
  readonly expect: (actual: unknown) => Matchers;
}

/** What a suite is given to test: a fresh subject, and how to clean up after it. */
export interface Subject<T> {
  readonly subject: T;
  dispose?(): PromiseLike<void> | void;
}

export type SubjectFactory<T> = () => Promise<Subject<T>> | Subject<T>;

/** Runs a test on a fresh subject. */
export async function withSubject<T>(factory: SubjectFactory<T>, body: (subject: T) => Promise<void>): Promise<void> {
  const made = await factory();
  try {
    await body(made.subject);
  } finally {
    await made.dispose?.();
  }
}

/** The `code` of the error that something fails with; `undefined` if it does not fail. */
export async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}
