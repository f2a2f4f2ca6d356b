/**
 * Everything that happened, folded into one hash: deliveries, disk calls, timers, answers, each with its virtual
 * time. Two runs of a seed that differ anywhere differ here. With a listener, every line can be read as well, which
 * is how the first difference is found.
 */
export class Trace {
  readonly #listener: ((line: string) => void) | undefined;
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Uint32Array(this.#time.buffer);
  #low = 0x2545_f491;
  #high = 0x9e37_79b9;
  #count = 0;

  constructor(listener?: (line: string) => void) {
    this.#listener = listener;
  }

  /** Events recorded. */
  get count(): number {
    return this.#count;
  }

  /** 16 hexadecimal digits over everything recorded so far. */
  get hash(): string {
    return hex(finish(this.#high)) + hex(finish(this.#low));
  }

  record(at: number, kind: string, subject: string, bytes?: Uint8Array): void {
    this.#count += 1;
    this.#time[0] = at;
    this.#word(this.#timeWords[0] ?? 0);
    this.#word(this.#timeWords[1] ?? 0);
    this.#text(kind);
    this.#text(subject);
    if (bytes !== undefined) this.#bytes(bytes);
    this.#listener?.(`${at.toFixed(3)} ${kind} ${subject} ${bytes?.length ?? ''} ${this.hash}`);
  }

  #text(text: string): void {
    this.#word(text.length);
    for (let index = 0; index < text.length; index += 1) this.#word(text.charCodeAt(index));
  }

  #bytes(bytes: Uint8Array): void {
    this.#word(bytes.length);
    const whole = bytes.length & ~3;
    for (let index = 0; index < whole; index += 4) {
      this.#word(
        (bytes[index] ?? 0) |
          ((bytes[index + 1] ?? 0) << 8) |
          ((bytes[index + 2] ?? 0) << 16) |
          ((bytes[index + 3] ?? 0) << 24),
      );
    }
    for (let index = whole; index < bytes.length; index += 1) this.#word(bytes[index] ?? 0);
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x85eb_ca6b);
    this.#low ^= this.#low >>> 15;
    this.#high = (Math.imul(this.#high, 0x0100_0193) ^ this.#low) | 0;
  }
}

function finish(word: number): number {
  const mixed = Math.imul(word ^ (word >>> 16), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
