/**
 * What the writers know: of each key the last value that was acknowledged, and those whose outcome is open. A store keeps
 * its word when a key holds the last acknowledged value or one that was tried after it.
 */
export interface LostWrite {
  readonly key: string;
  /** Sequence number of the last acknowledged write of the key. */
  readonly acknowledged: number;
  readonly read: string | undefined;
}

export class WriteLedger {
  /** Of each key, the sequence number of its last acknowledged write. Each key has one writer, which counts up. */
  readonly #acknowledged = new Map<string, number>();
  #acknowledgements = 0;
  #open = 0;

  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /** Writes that ended `unknown` or with an error: they may have happened. */
  get open(): number {
    return this.#open;
  }

  get keys(): readonly string[] {
    return [...this.#acknowledged.keys()];
  }

  acknowledge(key: string, sequence: number): void {
    this.#acknowledgements += 1;
    this.#acknowledged.set(key, sequence);
  }

  leaveOpen(): void {
    this.#open += 1;
  }

  /** The loss, if what was read is older than what was acknowledged. A newer value is an open write that happened. */
  check(key: string, read: string | undefined): LostWrite | undefined {
    const acknowledged = this.#acknowledged.get(key);
    if (acknowledged === undefined) return undefined;
    const sequence = read === undefined ? -1 : sequenceOf(key, read);
    return sequence >= acknowledged ? undefined : { key, acknowledged, read: read?.slice(0, 80) };
  }
}

/** A value that says which write made it, padded to the length of a typical one. */
export function valueOf(key: string, sequence: number, bytes: number): string {
  return `${key} ${sequence} `.padEnd(bytes, `${key}/${sequence};`);
}

/** -1 for a value that this key's writer did not write, whole. */
function sequenceOf(key: string, value: string): number {
  const sequence = Number(/^\S+ (\d+) /.exec(value)?.[1] ?? Number.NaN);
  return value === valueOf(key, sequence, value.length) ? sequence : -1;
}
