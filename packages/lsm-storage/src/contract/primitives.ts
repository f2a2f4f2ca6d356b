/** The test primitives that a contract suite runs on: those of vitest and its relatives, as far as suites use them. */

export interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
}

export interface TestPrimitives {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void> | void): void;
  expect(actual: unknown, message?: string): Matchers;
}
