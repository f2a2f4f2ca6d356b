/**
 * Ascending keys in flat memory, made to be searched: what all of them share is compared once, what follows by heads,
 * and only among equal heads the keys themselves. No object per key.
 */

import { compareRange, concatBytes } from '../bytes.ts';
import { firstNotBelow, headOf } from './key-heads.ts';

export class KeySearch {
  readonly #bytes: Uint8Array;
  /** Key i lies from `#bounds[i]` to `#bounds[i + 1]`. */
  readonly #bounds: Uint32Array;
  readonly #sharedLength: number;
  readonly #heads: Int32Array;

  /** The keys lie one behind the other in `bytes`, at these bounds: ascending, and one more than there are keys. */
  constructor(bytes: Uint8Array, bounds: Uint32Array) {
    const count = bounds.length - 1;
    this.#bytes = bytes;
    this.#bounds = bounds;
    this.#sharedLength = count < 2 ? 0 : this.#sharedByFirstAndLast();
    this.#heads = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      this.#heads[i] = headOf(bytes, (bounds[i] as number) + this.#sharedLength, bounds[i + 1] as number);
    }
  }

  static of(keys: readonly Uint8Array[]): KeySearch {
    const bounds = new Uint32Array(keys.length + 1);
    let end = 0;
    for (let i = 0; i < keys.length; i++) bounds[i + 1] = end += (keys[i] as Uint8Array).length;
    return new KeySearch(concatBytes(keys), bounds);
  }

  get count(): number {
    return this.#heads.length;
  }

  /** Memory that it takes. */
  get bytes(): number {
    return this.#bytes.length + this.#bounds.byteLength + this.#heads.byteLength;
  }

  /** A copy of one of the keys. */
  keyAt(index: number): Uint8Array {
    return this.#bytes.slice(this.#bounds[index], this.#bounds[index + 1]);
  }

  /** How many of the keys are not greater than this one. */
  notGreater(key: Uint8Array): number {
    const order = this.#compareShared(key);
    if (order !== 0) return order < 0 ? this.count : 0;
    const head = headOf(key, this.#sharedLength, key.length);
    let low = firstNotBelow(this.#heads, head);
    let high = this.count;
    if (low === high || this.#heads[low] !== head || this.#compare(low, key) > 0) return low;
    low++;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(index: number, key: Uint8Array): number {
    return compareRange(this.#bytes, this.#bounds[index] as number, this.#bounds[index + 1] as number, key);
  }

  /** Negative if every key here is smaller, positive if every one is greater, 0 if this one begins like them. */
  #compareShared(key: Uint8Array): number {
    if (this.count === 0) return 0;
    const length = this.#sharedLength;
    const compared = key.length < length ? key.length : length;
    const start = this.#bounds[0] as number;
    for (let i = 0; i < compared; i++) {
      const difference = (this.#bytes[start + i] as number) - (key[i] as number);
      if (difference !== 0) return difference;
    }
    return compared < length ? 1 : 0;
  }

  #sharedByFirstAndLast(): number {
    const first = this.#bounds[0] as number;
    const last = this.#bounds[this.#bounds.length - 2] as number;
    const most = Math.min((this.#bounds[1] as number) - first, (this.#bounds.at(-1) as number) - last);
    let shared = 0;
    while (shared < most && this.#bytes[first + shared] === this.#bytes[last + shared]) shared++;
    return shared;
  }
}
