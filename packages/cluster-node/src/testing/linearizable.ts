/**
 * Whether what clients of one key were told can be explained by one order of their operations (Herlihy and Wing 1990), by
 * trying them all: enough for the short histories of tests.
 */
export interface KeyOperation {
  /** When it began and ended, on any scale; `Infinity` for an end that nobody knows. */
  readonly began: number;
  readonly ended: number;
  /**
   * What it makes of the value, and `undefined` where what its client was told cannot be. Values are texts, `undefined`
   * an absent key.
   */
  readonly step: (value: string | undefined) => { readonly value: string | undefined } | undefined;
  /** It may not have happened at all, or may yet happen. */
  readonly optional: boolean;
}

export function isLinearizable(operations: readonly KeyOperation[]): boolean {
  const failed = new Set<string>();
  const search = (left: readonly number[], value: string | undefined): boolean => {
    const open = left.map((index) => operations[index]).filter((operation) => operation !== undefined);
    if (open.every(({ optional }) => optional)) return true;
    const state = `${left.join()} ${String(value)}`;
    if (failed.has(state)) return false;
    const firstEnd = Math.min(...open.filter(({ optional }) => !optional).map(({ ended }) => ended));
    for (const index of left) {
      const operation = operations[index];
      if (operation === undefined || operation.began > firstEnd) continue;
      const next = operation.step(value);
      const rest = left.filter((other) => other !== index);
      if (next !== undefined && search(rest, next.value)) return true;
    }
    failed.add(state);
    return false;
  };
  return search([...operations.keys()], undefined);
}
