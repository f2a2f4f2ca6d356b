/** What the engine relies on in a codec. */

import type { Codec } from '../core/index.ts';
import { withSubject } from './primitives.ts';
import type { SubjectFactory, TestPrimitives } from './primitives.ts';
import { seededRandom } from './random.ts';

export function codecContract(primitives: TestPrimitives, factory: SubjectFactory<Codec>): void {
  const { describe, it, expect } = primitives;
  const test = (name: string, body: (codec: Codec) => Promise<void>): void =>
    it(name, () => withSubject(factory, body));

  describe('codec', () => {
    test('gives back what it was given, compressible or not, and changes nothing of it', async (codec) => {
      const random = seededRandom(1);
      for (const length of [0, 1, 100, 4096, 100_000]) {
        const noise = Uint8Array.from({ length }, () => Math.floor(random() * 256));
        for (const raw of [noise, new Uint8Array(length).fill(7)]) {
          const given = new Uint8Array(raw);
          const compressed = new Uint8Array(codec.compress(given));
          const kept = new Uint8Array(compressed);
          const found = new Uint8Array(length);
          expect(codec.decompress(compressed, found)).toBe(length);
          expect(sameBytes(found, raw)).toBe(true);
          expect(sameBytes(given, raw)).toBe(true);
          expect(sameBytes(compressed, kept)).toBe(true);
        }
      }
    });

    test('answers with bytes that hold until it compresses again', async (codec) => {
      const other = new Uint8Array(codec.compress(new Uint8Array(1000).fill(2)));
      const compressed = codec.compress(new Uint8Array(1000).fill(1));
      codec.decompress(other, new Uint8Array(1000));
      const raw = new Uint8Array(1000);
      codec.decompress(compressed, raw);
      expect(sameBytes(raw, new Uint8Array(1000).fill(1))).toBe(true);
    });

    test('has an id from 0 to 255', async (codec) => {
      expect(Number.isInteger(codec.id) && codec.id >= 0 && codec.id <= 255).toBe(true);
    });
  });
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
