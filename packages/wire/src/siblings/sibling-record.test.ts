import { type Context, mergeSiblings, noSiblings, type SiblingSet, writeSibling } from '@kv/quorum';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRecordMeta,
  decodeSiblings,
  encodeSiblings,
  type SiblingValue,
  versionBytesOfMeta,
  WireError,
} from '../index.ts';
import { version } from '../testing/arbitraries.test.ts';

const actors = [
  '00112233445566778899aabbccddeeff010203040506',
  '0123456789abcdef0123456789abcdef010203040506',
] as const;
const bytesOf = (text: string) => new TextEncoder().encode(text);

function valueOf(text: string): SiblingValue {
  return { contentType: 'text/plain', codec: 0, rawLength: text.length, bytes: bytesOf(text) };
}

const step = fc.record({
  by: fc.constantFrom(0, 1),
  id: version,
  reads: fc.constantFrom(-1, 0, 1),
  value: fc.option(fc.string({ maxLength: 30 }), { nil: undefined }),
  merges: fc.boolean(),
});

/** Two sets as two replicas come to hold them; neither is empty. */
const sets = fc.array(step, { minLength: 2, maxLength: 20 }).map((steps) => {
  const held: SiblingSet<SiblingValue>[] = [noSiblings, noSiblings];
  for (const [index, { by, id, reads, value, merges }] of [{ ...steps[0]!, by: 1, reads: -1 }, ...steps].entries()) {
    const actor = index === 1 ? 0 : by;
    if (merges && index > 1) held[actor] = mergeSiblings(held[actor]!, held[1 - actor]!);
    const context: Context = reads < 0 ? new Map() : held[reads]!.context;
    // Ids are unique: an id of this step's number.
    const write = { actor: actors[actor]!, id: { ...id, counter: index }, context };
    held[actor] = writeSibling(
      held[actor]!,
      { ...write, value: value === undefined ? undefined : valueOf(value) },
      { writes: 200 },
    );
  }
  return held as [SiblingSet<SiblingValue>, SiblingSet<SiblingValue>];
});

describe('a record of siblings', () => {
  it('comes back as it was stored; equal sets are equal bytes, and different ones never look equal', () => {
    fc.assert(
      fc.property(sets, ([a, b]) => {
        const records = [a, b].map(encodeSiblings);
        expect(records.map(decodeSiblings)).toEqual([a, b]);
        const [ab, ba] = [mergeSiblings(a, b), mergeSiblings(b, a)].map(encodeSiblings);
        expect(ab).toEqual(ba);
        const [ours, theirs] = records.map(({ meta }) => Buffer.from(versionBytesOfMeta(meta)).toString('hex'));
        expect(ours === theirs).toBe(Buffer.compare(records[0]!.value, records[1]!.value) === 0);
      }),
      { numRuns: 300 },
    );
  });

  const first = writeSibling<SiblingValue>(noSiblings, {
    actor: actors[1],
    id: { ms: 1, counter: 2, actor: '0f'.repeat(16) },
    context: new Map([[actors[0], 3]]),
    value: valueOf('hi'),
  });

  it('has frozen bytes', () => {
    const { meta, value } = encodeSiblings(first);
    expect(Buffer.from(value).toString('hex')).toBe(
      [
        '01',
        `00000002${actors[0]}0000000000000003${actors[1]}0000000000000001`,
        `00000001 01 0000000000000001 000000000001 0002 ${'0f'.repeat(16)} 00 00000002 000a 746578742f706c61696e 00000002`,
        `00000001 01 0000000000000001 000000000001 0002 ${'0f'.repeat(16)}`,
        '6869',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
    expect(decodeRecordMeta(meta)).toEqual({
      kind: 'sibling-set',
      version: { ms: 1, counter: 2, actor: '0f'.repeat(16) },
      digest: 'c4501af7573eb204e63262b422083ef3',
      siblings: 1,
    });
  });

  it('of a deleted key keeps what is known of its writes', () => {
    const deleted = writeSibling<SiblingValue>(first, {
      actor: actors[0],
      id: { ms: 2, counter: 0, actor: '0f'.repeat(16) },
      context: first.context,
      value: undefined,
    });
    const record = encodeSiblings(deleted);
    expect(decodeSiblings(record)).toEqual(deleted);
    expect(decodeSiblings(record).siblings).toEqual([]);
    expect(decodeRecordMeta(record.meta)).toMatchObject({ version: { ms: 2 }, siblings: 0 });
  });

  it('is refused with the meta of another set, of a later layout, and when it was never written', () => {
    const record = encodeSiblings(first);
    const other = encodeSiblings(
      writeSibling(first, {
        actor: actors[0],
        id: { ms: 1, counter: 3, actor: '0f'.repeat(16) },
        context: new Map(),
        value: valueOf('hi'),
      }),
    );
    expect(() => decodeSiblings({ ...record, meta: other.meta })).toThrow('that its meta describes');
    expect(() => decodeSiblings({ ...record, value: record.value.with(0, 2) })).toThrow('got layout 2');
    expect(() => encodeSiblings(noSiblings)).toThrow('remembers its last write');
    const dangling = { ...first, context: new Map([[actors[0], 3]]) };
    expect(() => encodeSiblings(dangling)).toThrow('dots that the context covers');
    const doubled = { ...first, siblings: [...first.siblings, ...first.siblings] };
    expect(() => encodeSiblings(doubled)).toThrow('ascending writes');
  });

  it('that is damaged is a WireError, or the one form of another set', () => {
    const { meta, value } = encodeSiblings(first);
    let random = 1;
    const draw = (limit: number): number => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      return (random >>> 8) % limit;
    };
    for (let index = 0; index < 5000; index += 1) {
      const bytes = value.slice(0, draw(10) === 0 ? draw(value.length) : value.length);
      for (let times = draw(3); times >= 0 && bytes.length > 0; times -= 1)
        bytes[draw(bytes.length)] = draw(4) === 0 ? 255 : draw(256);
      try {
        const decoded = decodeSiblings({ meta, value: bytes });
        expect(encodeSiblings(decoded).value).toEqual(bytes);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }
  });
});
