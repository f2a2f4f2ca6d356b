/**
 * What holds of writes beside each other, told from what clients saw alone. A write replaces the values that its client's read
 * had shown, and no others; so each value that was written is found by every read that must know it, until a write that replaces
 * it may have been made, and by none that must know such a write.
 */
import { describe, isAfter, type SiblingRecord, type StoredCopy, type Violation } from '../../history.ts';
import type { KeyspaceHistory } from '../../scenario/recorder.ts';
import { byKey } from '../by-key.ts';

export function siblingPromises({ replicas, besides }: KeyspaceHistory, copies: readonly StoredCopy[]): Violation[] {
  const ofKeys = [...byKey(besides).values()].flatMap((records) => keyPromises(replicas, records));
  return [...ofKeys, ...sameEverywhere(copies)];
}

function keyPromises(replicas: number, records: readonly SiblingRecord[]): Violation[] {
  const writes = records.filter(({ kind }) => kind !== 'get');
  const reads = records.filter(({ kind, outcome }) => kind === 'get' && outcome !== 'failed');
  const history = new KeyHistory(replicas, writes);
  return reads.flatMap((read) => [
    ...history.strangersIn(read),
    ...history.lostBefore(read),
    ...history.backIn(read),
    ...history.forgottenBetween(reads, read),
  ]);
}

class KeyHistory {
  readonly #replicas: number;
  readonly #writes: readonly SiblingRecord[];
  readonly #writerOf: ReadonlyMap<string, SiblingRecord>;
  /** By value: the writes that replace it and may have been made. */
  readonly #replacing = new Map<string, SiblingRecord[]>();

  constructor(replicas: number, writes: readonly SiblingRecord[]) {
    this.#replicas = replicas;
    this.#writes = writes;
    this.#writerOf = new Map(writes.flatMap((write) => write.values.map((value) => [value, write])));
    for (const write of writes) {
      if (write.outcome === 'rejected') continue;
      for (const value of write.replaces) this.#replacing.set(value, [...(this.#replacing.get(value) ?? []), write]);
    }
  }

  /** Values that nobody wrote here, or not yet, or whose write was said to be stored nowhere; and a value shown twice. */
  strangersIn(read: SiblingRecord): Violation[] {
    return read.values.flatMap((value, index) => {
      const write = this.#writerOf.get(value);
      if (write === undefined) return [violation('honest-siblings', `nobody wrote ${value} to this key`, read)];
      if (write.startedAt > read.endedAt)
        return [violation('honest-siblings', 'read before it was written', read, write)];
      if (write.outcome === 'rejected') return [violation('honest-siblings', 'a rejected write was read', read, write)];
      return read.values.indexOf(value) === index ? [] : [violation('honest-siblings', 'shown twice', read, write)];
    });
  }

  /** Writes that were acknowledged before the read began, are not in it, and were replaced by none. */
  lostBefore(read: SiblingRecord): Violation[] {
    return this.#writes.flatMap((write) => {
      const [value] = write.values;
      if (value === undefined || read.values.includes(value) || !this.#mustKnow(read, write)) return [];
      return this.#mayBeReplaced(value, read)
        ? []
        : [violation('no-lost-sibling', 'an acknowledged write is gone', read, write)];
    });
  }

  /** Values that a write replaced which was acknowledged before the read began. */
  backIn(read: SiblingRecord): Violation[] {
    return read.values.flatMap((value) => {
      const replacing = this.#replacing.get(value)?.find((write) => this.#mustKnow(read, write));
      return replacing === undefined ? [] : [violation('replaced-for-good', `${value} is back`, read, replacing)];
    });
  }

  /** Values that an earlier read showed and this one does not, though nothing replaced them. */
  forgottenBetween(reads: readonly SiblingRecord[], read: SiblingRecord): Violation[] {
    if (!this.#isMonotone(read)) return [];
    return reads.flatMap((earlier) => {
      if (!this.#isMonotone(earlier) || !isAfter(read, earlier)) return [];
      const gone = earlier.values.find((value) => !read.values.includes(value) && !this.#mayBeReplaced(value, read));
      return gone === undefined ? [] : [violation('monotone-siblings', `${gone} was read before`, read, earlier)];
    });
  }

  #mustKnow(read: SiblingRecord, write: SiblingRecord): boolean {
    const meets = read.quorum + write.quorum > this.#replicas && read.strict && write.strict;
    return write.outcome === 'applied' && isAfter(read, write) && meets;
  }

  #isMonotone({ quorum, strict }: SiblingRecord): boolean {
    return strict && 2 * quorum > this.#replicas;
  }

  #mayBeReplaced(value: string, read: SiblingRecord): boolean {
    return (this.#replacing.get(value) ?? []).some((write) => write.startedAt < read.endedAt);
  }
}

/** In the end all replicas of a key hold the same bytes; one whose disk was damaged may lack some. */
function sameEverywhere(copies: readonly StoredCopy[]): Violation[] {
  return [...byKey(copies)].flatMap(([key, held]) => {
    const sound = held.filter(({ damaged }) => damaged !== true);
    if (new Set(sound.map(({ bytes }) => bytes)).size <= 1) return [];
    const differing = sound.map(({ replica, bytes }) => `${replica} holds ${bytes}`).join(', ');
    return [{ check: 'convergence', key, operations: [], message: `after the last reads ${differing}` }];
  });
}

function violation(check: string, what: string, read: SiblingRecord, other?: SiblingRecord): Violation {
  const operations = other === undefined ? [read.id] : [other.id, read.id];
  const told = other === undefined ? '' : ` and ${describe(other)}`;
  return { check, key: read.key, operations, message: `${what}: ${describe(read)}${told}` };
}
