/**
 * The hash tree of one keyspace in one partition, in step with what this member stores of it. Each durable write changes
 * it by what was there before and what is there now. What was there when the member started is counted by a scan in
 * pieces, beside the writes: a key counts as soon as the scan has passed it, and a write of a key that the scan has not
 * come to is left to it.
 */
import { compareKeys, HashTree } from '@kv/anti-entropy';

/** What one write does to a key: as trees count versions, `undefined` where there is none. */
export interface VersionChange {
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

interface UnderWay {
  /** The version after the last write of the key that was told: what the scan counts, whatever it finds. */
  counted: Uint8Array | undefined;
  writes: number;
}

/** Whether a write was noted when it was decided, to be given back when it is over. */
export type WriteNote = boolean;

export class RangeTree {
  readonly #levels: number;
  #tree: HashTree;
  /** The last key that the scan has counted; `undefined`: it has not begun. */
  #scanned: Uint8Array | undefined;
  #complete = false;
  /**
   * Keys whose writes were decided but not told yet, while the scan goes on: of those the scan cannot know whether it
   * sees them already.
   */
  readonly #underWay = new Map<string, UnderWay>();

  constructor(levels: number) {
    this.#levels = levels;
    this.#tree = new HashTree({ levels });
  }

  /** Another one after each {@link RangeTree.restart}. */
  get tree(): HashTree {
    return this.#tree;
  }

  /**
   * Counts from the beginning, for what is stored is not what was counted. The scan may go on only once all writes that were
   * decided before are over: those were not noted.
   */
  restart(): void {
    this.#tree = new HashTree({ levels: this.#levels });
    this.#complete = false;
    this.#scanned = undefined;
  }

  /** Whether the tree counts everything that is stored. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Where the scan goes on. */
  get scanned(): Uint8Array | undefined {
    return this.#scanned;
  }

  /** A write was decided; `written` must follow once it is durable, or `notWritten`, with what this returned. */
  writing(key: Uint8Array, before: Uint8Array | undefined): WriteNote {
    if (this.#complete) return false;
    const name = nameOf(key);
    const known = this.#underWay.get(name);
    if (known === undefined) this.#underWay.set(name, { counted: before, writes: 1 });
    else known.writes += 1;
    return true;
  }

  /** A write that was decided is durable. Writes of one key are told in the order in which they were decided. */
  written(key: Uint8Array, { before, after }: VersionChange, note: WriteNote): void {
    if (note) this.#tell(key, after);
    if (this.#counts(key)) this.#tree.replace(key, before, after);
  }

  /**
   * A write that was decided came to nothing, as did every later one of the key that was decided meanwhile: the engine
   * refuses them together.
   */
  notWritten(key: Uint8Array, note: WriteNote): void {
    if (!note) return;
    const name = nameOf(key);
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) this.#endOne(name, underWay);
  }

  /** The scan found what is stored under the next keys, in byte order; what has no version does not count. */
  count(entries: readonly { readonly key: Uint8Array; readonly version: Uint8Array | undefined }[]): void {
    for (const { key, version } of entries) {
      const underWay = this.#underWay.get(nameOf(key));
      this.#tree.replace(key, undefined, underWay === undefined ? version : underWay.counted);
      this.#scanned = key;
    }
  }

  /** The scan has come to its end. */
  finish(): void {
    this.#complete = true;
  }

  #counts(key: Uint8Array): boolean {
    return this.#complete || (this.#scanned !== undefined && compareKeys(key, this.#scanned) <= 0);
  }

  #tell(key: Uint8Array, after: Uint8Array | undefined): void {
    const name = nameOf(key);
    const underWay = this.#underWay.get(name);
    if (underWay === undefined) return;
    underWay.counted = after;
    this.#endOne(name, underWay);
  }

  #endOne(name: string, underWay: UnderWay): void {
    underWay.writes -= 1;
    if (underWay.writes === 0) this.#underWay.delete(name);
  }
}

/** One character for each byte: equal for equal keys. */
function nameOf(key: Uint8Array): string {
  let name = '';
  for (const byte of key) name += String.fromCharCode(byte);
  return name;
}
