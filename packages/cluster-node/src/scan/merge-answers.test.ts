import { compareKeys } from '@kv/anti-entropy';
import { encodeRecordMeta, type ScannedEntry, versionOfMeta } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeAnswers } from './merge-answers.ts';

/** What one owner holds: keys 0 to 9 with the number of a version. */
const holding = fc.dictionary(fc.constantFrom(...'abcdefghij'), fc.nat({ max: 5 }), { noNullPrototype: true });
const owner = fc.record({ held: holding, sends: fc.nat({ max: 10 }), values: fc.boolean() });

function entryOf(key: string, number: number, values: boolean): ScannedEntry {
  const version = { ms: number, counter: 0, actor: '0'.repeat(32) };
  const meta =
    number % 3 === 0
      ? encodeRecordMeta({ kind: 'tombstone', version })
      : encodeRecordMeta({ kind: 'value', version, codec: 0, rawLength: 1, contentType: '' });
  const value = values && number % 3 !== 0 ? { value: Uint8Array.of(number) } : {};
  return { key: new TextEncoder().encode(key), meta, ...value };
}

describe('answers of several owners', () => {
  it('come to the newest version of each key, up to where all of them tell', () => {
    fc.assert(
      fc.property(fc.array(owner, { minLength: 1, maxLength: 4 }), (owners) => {
        const answers = owners.map(({ held, sends, values }) => {
          const all = Object.keys(held)
            .sort()
            .map((key) => entryOf(key, held[key] ?? 0, values));
          const entries = all.slice(0, Math.max(1, sends));
          return { entries, truncated: entries.length > 0 && sends < all.length };
        });
        const { entries, through } = mergeAnswers(answers);
        const ends = answers.flatMap(({ entries: sent, truncated }) => (truncated ? [sent.at(-1)!.key] : []));
        expect(through).toEqual(ends.sort(compareKeys)[0]);
        const expected = new Map<string, number>();
        for (const { held } of owners) {
          for (const [key, number] of Object.entries(held)) {
            expected.set(key, Math.max(number, expected.get(key) ?? 0));
          }
        }
        const last = through === undefined ? '~' : new TextDecoder().decode(through);
        const told = [...expected].filter(([key]) => key <= last).sort(([a], [b]) => (a < b ? -1 : 1));
        expect(entries.map(({ key, meta }) => [new TextDecoder().decode(key), versionOfMeta(meta).ms])).toEqual(told);
        for (const [index, { value }] of entries.entries()) {
          const [key, number] = told[index]!;
          const sent = owners.some(({ held, values }) => values && held[key] === number && number % 3 !== 0);
          expect(value).toEqual(sent ? Uint8Array.of(number) : undefined);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
