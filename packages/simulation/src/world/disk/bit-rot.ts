/**
 * Bits that turn over by themselves: in a file at rest, for good, or in what one read brings, where the file is as it
 * was. Whoever reads gets wrong bytes and no error.
 *
 * Of a file that is written by appending, the last synced write is spared where the rules say so: a log that ends in
 * the middle of a record is no damage to anybody, only a write that a crash cut off.
 */
import type { SeededRandom } from '../seeded-random.ts';
import type { CachedFile } from './cached-file.ts';

export interface RotRules {
  /** Whether the end of this file may have been torn by a crash, as far as anybody can tell. */
  readonly mayBeTorn: (path: string) => boolean;
}

interface RottingReads extends RotRules {
  readonly random: SeededRandom;
  readonly chance: number;
}

export class BitRot {
  readonly #listeners: (() => void)[] = [];
  #reads: RottingReads | undefined;
  #happened = false;

  /** Whether any bit turned over so far. */
  get happened(): boolean {
    return this.#happened;
  }

  /** Turns over one bit in one of the files, small and large ones alike; they may hold nothing that can rot. */
  turnOne(
    files: readonly { readonly path: string; readonly file: CachedFile }[],
    random: SeededRandom,
    rules: RotRules,
  ): void {
    const able = files.filter(({ path, file }) => file.rottable(rules.mayBeTorn(path)) > 0);
    if (able.length === 0) return;
    const sizes = able.map(({ path, file }) => file.rottable(rules.mayBeTorn(path)));
    const at = random.chance(0.5) ? random.integer(0, able.length - 1) : pickByWeight(sizes, random);
    able[at]?.file.turnBit(random.integer(0, (sizes[at] ?? 1) - 1), random.integer(0, 7));
    this.#turned();
  }

  /** From now on each read brings, with this chance, one bit that is not what the file holds. */
  beginReads(random: SeededRandom, chance: number, rules: RotRules): void {
    this.#reads = { random, chance, ...rules };
  }

  endReads(): void {
    this.#reads = undefined;
  }

  /** What a read brings of the bytes that a file holds at `position`. */
  read(path: string, file: CachedFile, position: number, bytes: Uint8Array): Uint8Array {
    if (this.#reads === undefined) return bytes;
    const { random, chance, mayBeTorn } = this.#reads;
    const able = Math.min(bytes.length, file.rottable(mayBeTorn(path)) - position);
    const [turns, place, bit] = [random.chance(chance), random.next(), random.integer(0, 7)];
    if (!turns || able <= 0) return bytes;
    turn(bytes, Math.floor(place * able), bit);
    this.#turned();
    return bytes;
  }

  onTurned(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #turned(): void {
    this.#happened = true;
    for (const listener of this.#listeners) listener();
  }
}

/** An index, each as likely as its weight is large. */
function pickByWeight(weights: readonly number[], random: SeededRandom): number {
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => (left -= weight) < 0);
}

/** Turns over one bit of a byte, where there is that byte. */
export function turn(bytes: Uint8Array, position: number, bit: number): void {
  if (position < bytes.length) bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
}
