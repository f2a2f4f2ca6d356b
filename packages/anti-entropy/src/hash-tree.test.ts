import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestEntry, hashKey } from './digest.ts';
import { AntiEntropyError } from './errors.ts';
import { HashTree, keysBelow, nodesOf } from './hash-tree.ts';
import { bytesOf, TestReplica } from './testing/replica.ts';

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 });
const version = fc.string({ unit: fc.constantFrom('1', '2', '3'), minLength: 1, maxLength: 2 });
const change = fc.record({ key, version: fc.option(version, { nil: undefined }) });

function apply(replica: TestReplica, changes: readonly { key: string; version: string | undefined }[]): TestReplica {
  for (const each of changes) {
    if (each.version === undefined) replica.remove(each.key);
    else replica.put(each.key, each.version);
  }
  return replica;
}

function allHashes(tree: HashTree): Uint8Array[] {
  return Array.from({ length: tree.levels + 1 }, (_, level) => tree.hashesOf(level, [...Array(nodesOf(level)).keys()]));
}

describe('a hash tree', () => {
  it('is the same for the same set, however the set came about', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.integer(), (changes, seed) => {
        const grown = apply(new TestReplica(2), changes);
        const built = new TestReplica(2);
        const shuffled = grown
          .entries()
          .sort((a, b) => ((a.key.length * 31 + seed) % 7) - ((b.key.length * 31 + seed) % 7));
        for (const entry of shuffled) built.tree.replace(entry.key, undefined, entry.version);
        expect(allHashes(grown.tree)).toEqual(allHashes(built.tree));
        expect(grown.tree.entries).toBe(grown.entries().length);
      }),
    );
  });

  it('takes no memory before its first entry, and is the same as one from which everything was removed', () => {
    const trees = Array.from({ length: 10_000 }, () => new HashTree({ levels: 5 }));
    const emptied = apply(new TestReplica(3), [
      { key: 'a', version: '1' },
      { key: 'a', version: undefined },
    ]);
    expect(trees.at(-1)?.hashesOf(5, [0, nodesOf(5) - 1])).toEqual(new Uint8Array(16));
    expect(allHashes(new HashTree({ levels: 3 }))).toEqual(allHashes(emptied.tree));
  });

  it('has another root for another set', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.array(change, { maxLength: 20 }), (some, others) => {
        const [a, b] = [apply(new TestReplica(1), some), apply(new TestReplica(1), others)];
        const same = JSON.stringify(a.contents()) === JSON.stringify(b.contents());
        expect(a.tree.differing(0, [0], b.tree.hashesOf(0, [0]))).toEqual(same ? [] : [0]);
      }),
    );
  });

  it('changes one node of each level with a write, and agrees with a tree of other depth on the levels of both', () => {
    const [shallow, deep] = [new TestReplica(2), new TestReplica(4)];
    for (let i = 0; i < 300; i += 1) for (const each of [shallow, deep]) each.put(`key ${i}`, '1');
    for (const level of [0, 1, 2]) {
      const nodes = [...Array(nodesOf(level)).keys()];
      expect(deep.tree.hashesOf(level, nodes)).toEqual(shallow.tree.hashesOf(level, nodes));
      const before = shallow.tree.hashesOf(level, nodes);
      shallow.put('key 7', '2');
      const changed = shallow.tree.differing(level, nodes, before);
      expect(changed).toHaveLength(1);
      expect(keysBelow(level, changed)(bytesOf('key 7'))).toBe(true);
      shallow.remove('key 7');
      shallow.put('key 7', '1');
      expect(shallow.tree.differing(level, nodes, before)).toEqual([]);
    }
  });

  it('spreads keys that are alike evenly over its leaves, and their digests over all bits', () => {
    const counts = new Array<number>(256).fill(0);
    const bits = new Array<number>(64).fill(0);
    const entries = 64 * 256;
    for (let i = 0; i < entries; i += 1) {
      const keyHash = hashKey(bytesOf(`user:${i}`));
      counts[keyHash.high >>> 24]! += 1;
      const { high, low } = digestEntry(keyHash, Uint8Array.of(1));
      for (let bit = 0; bit < 32; bit += 1) {
        bits[bit]! += (high >>> bit) & 1;
        bits[32 + bit]! += (low >>> bit) & 1;
      }
    }
    // Chi squared with 255 degrees of freedom: above 350 once in 25 000 for a fair spread.
    expect(counts.reduce((sum, count) => sum + (count - 64) ** 2 / 64, 0)).toBeLessThan(350);
    for (const ones of bits) expect(Math.abs(ones / entries - 0.5)).toBeLessThan(0.02);
  });

  it('tells apart where a key ends and its version begins', () => {
    const digest = (text: string, of: string) => digestEntry(hashKey(bytesOf(text)), bytesOf(of));
    expect(digest('ab', 'c')).not.toEqual(digest('a', 'bc'));
    expect(digest('a', '')).not.toEqual(digest('a', '\0'));
  });

  it('has digests that are frozen: two nodes must count alike', () => {
    const digests = ['', 'a', 'key', 'a longer key than the others'].map((text) => {
      const keyHash = hashKey(bytesOf(text));
      return [keyHash, digestEntry(keyHash, Uint8Array.of(0, 1, 254, 255))].map(({ high, low }) =>
        [high, low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join(''),
      );
    });
    expect(digests).toMatchInlineSnapshot(`
      [
        [
          "1aee8d83488bdcb8",
          "b205c396d0ce1d65",
        ],
        [
          "82c97901501c2ba7",
          "4a365dc98d78dbe5",
        ],
        [
          "2fd2872fc49d19a0",
          "f562d05a41f317f8",
        ],
        [
          "7d6eb194749e19ee",
          "271240ba9b788bc3",
        ],
      ]
    `);
  });

  it.each([0, 6, 1.5, Number.NaN])('refuses %d levels', (levels) => {
    expect(() => new HashTree({ levels })).toThrow(AntiEntropyError);
  });
});
