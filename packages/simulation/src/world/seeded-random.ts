/**
 * Seeded random numbers in named streams. A stream is made from the seed and its name alone, never from how many
 * numbers another one has given out: taking one fault away from a run leaves every other stream as it was.
 *
 * The generator is sfc32 (Doty-Humphrey's PractRand), its state spread from the name by a murmur-like mixer.
 */
export class SeededRandom {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param name the seed and the names of the streams on the way here, such as `17/network/a>b` */
  constructor(name: string | number) {
    this.#name = String(name);
    this.#a = mixText(this.#name, 0x9e37_79b9);
    this.#b = mixText(this.#name, 0x85eb_ca6b);
    this.#c = mixText(this.#name, 0xc2b2_ae35);
    for (let round = 0; round < 12; round += 1) this.#uint32();
  }

  /** A stream of its own; the same name gives the same stream, whatever was drawn from this one. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#name}/${name}`);
  }

  /** In [0, 1), of 32 random bits. */
  next(): number {
    return this.#uint32() / 2 ** 32;
  }

  /** An integer, both ends included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** Each order of magnitude between the two, both above zero, is equally likely. */
  logBetween(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** Draws one number even where the answer is certain, so that a changed probability shifts nothing after it. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('there is nothing to pick from');
    return items[Math.floor(this.next() * items.length)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, place: this.next() }));
    return keyed.sort((a, b) => a.place - b.place).map(({ item }) => item);
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 4) {
      const word = this.#uint32();
      for (let part = 0; part < 4; part += 1) bytes[index + part] = word >>> (8 * part);
    }
    return bytes;
  }

  /** Hexadecimal digits, for identities. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.#uint32().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  #uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

function mixText(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x5bd1_e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return (hash ^ (hash >>> 13)) | 0;
}
