/**
 * What a server keeps for owners that are away, counted: per owner and range, with the bounds that keep a long absence
 * from filling the disk (Cassandra and Scylla learned it: hints without bounds take a cluster down). What the bounds refuse
 * is not lost from sight: whoever keeps hints marks the range for repair.
 */

export interface HintLimits {
  /** Bytes that are kept for one owner. Higher rides out longer absences, lower takes less disk. */
  readonly bytesPerOwner: number;
  /** Milliseconds since its write after which a hint is not kept any more: anti-entropy is cheaper then. */
  readonly maxAgeMs: number;
}

/** Hints for one owner in one range, a range being whatever the caller names so. */
export interface HintGroup {
  readonly owner: string;
  readonly range: string;
}

export interface HintTotals {
  readonly owner: string;
  readonly count: number;
  readonly bytes: number;
  /** When the oldest was written, in milliseconds since 1970, or somewhat before. */
  readonly oldestMs: number;
}

export type HintAdmission = 'admitted' | 'full' | 'too-old';

interface Counted {
  count: number;
  bytes: number;
  /** Never after the oldest hint's time: what was removed may have been the oldest. */
  oldestMs: number;
  /** The same of those that were added since somebody began to look. */
  newcomersMs: number;
}

export class HintLedger {
  readonly #limits: HintLimits;
  readonly #owners = new Map<string, { bytes: number; readonly ranges: Map<string, Counted> }>();

  constructor(limits: HintLimits) {
    this.#limits = limits;
  }

  /** Whether one more hint may be kept. `wallMs`: now, in milliseconds since 1970 like the time of the write. */
  admit(owner: string, bytes: number, writtenMs: number, wallMs: number): HintAdmission {
    if (this.isTooOld(writtenMs, wallMs)) return 'too-old';
    const kept = this.#owners.get(owner)?.bytes ?? 0;
    return kept + bytes > this.#limits.bytesPerOwner ? 'full' : 'admitted';
  }

  isTooOld(writtenMs: number, wallMs: number): boolean {
    return wallMs - writtenMs > this.#limits.maxAgeMs;
  }

  added(group: HintGroup, bytes: number, writtenMs: number): void {
    this.#change(group, 1, bytes, writtenMs);
  }

  /** May come before its `added`, where what was counted comes to nothing and is taken back in another order. */
  removed(group: HintGroup, bytes: number): void {
    this.#change(group, -1, -bytes, Number.POSITIVE_INFINITY);
  }

  /** All hints of a group are gone. Returns how many there were. */
  cleared({ owner, range }: HintGroup): number {
    const known = this.#owners.get(owner);
    const group = known?.ranges.get(range);
    if (known === undefined || group === undefined) return 0;
    known.bytes -= group.bytes;
    this.#forget(owner, range);
    return group.count;
  }

  /** Somebody begins to look when the hints of the group were written, one after the other. */
  beginLook({ owner, range }: HintGroup): void {
    const group = this.#owners.get(owner)?.ranges.get(range);
    if (group !== undefined) group.newcomersMs = Number.POSITIVE_INFINITY;
  }

  /** The oldest that was met was written then; what was added meanwhile may have been missed. */
  endLook({ owner, range }: HintGroup, oldestMs: number): void {
    const group = this.#owners.get(owner)?.ranges.get(range);
    if (group !== undefined) group.oldestMs = Math.min(oldestMs, group.newcomersMs);
  }

  get owners(): readonly string[] {
    return [...this.#owners.keys()].filter((owner) => this.rangesOf(owner).length > 0);
  }

  rangesOf(owner: string): readonly string[] {
    const ranges = this.#owners.get(owner)?.ranges ?? [];
    return [...ranges].filter(([, { count }]) => count > 0).map(([range]) => range);
  }

  has({ owner, range }: HintGroup): boolean {
    return (this.#owners.get(owner)?.ranges.get(range)?.count ?? 0) > 0;
  }

  /** Groups that may hold hints past their age. */
  aged(wallMs: number): HintGroup[] {
    const found: HintGroup[] = [];
    for (const [owner, { ranges }] of this.#owners) {
      for (const [range, { oldestMs }] of ranges) if (this.isTooOld(oldestMs, wallMs)) found.push({ owner, range });
    }
    return found;
  }

  totals(): HintTotals[] {
    return this.owners.map((owner) => {
      const { bytes = 0, ranges = new Map<string, Counted>() } = this.#owners.get(owner) ?? {};
      const groups = [...ranges.values()];
      const count = groups.reduce((sum, group) => sum + group.count, 0);
      const oldestMs = groups.reduce((oldest, group) => Math.min(oldest, group.oldestMs), Number.POSITIVE_INFINITY);
      return { owner, count, bytes, oldestMs };
    });
  }

  #change({ owner, range }: HintGroup, count: number, bytes: number, writtenMs: number): void {
    const known = this.#owners.get(owner) ?? { bytes: 0, ranges: new Map<string, Counted>() };
    const group = known.ranges.get(range) ?? newCount();
    group.count += count;
    group.bytes += bytes;
    group.oldestMs = Math.min(group.oldestMs, writtenMs);
    group.newcomersMs = Math.min(group.newcomersMs, writtenMs);
    known.bytes += bytes;
    known.ranges.set(range, group);
    this.#owners.set(owner, known);
    if (group.count === 0 && group.bytes === 0) this.#forget(owner, range);
  }

  #forget(owner: string, range: string): void {
    const known = this.#owners.get(owner);
    known?.ranges.delete(range);
    if (known?.ranges.size === 0) this.#owners.delete(owner);
  }
}

function newCount(): Counted {
  const never = Number.POSITIVE_INFINITY;
  return { count: 0, bytes: 0, oldestMs: never, newcomersMs: never };
}
