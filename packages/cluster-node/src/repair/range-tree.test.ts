import { HashTree } from '@kv/anti-entropy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeTree } from './range-tree.ts';

const keys = ['a', 'aa', 'b', 'c', 'd'] as const;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('decide' as const), key: fc.constantFrom(...keys) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('sync' as const, 'tell' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('refuse' as const, 'restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('scan' as const), entries: fc.integer({ min: 1, max: 3 }) }) },
);

/**
 * A store whose writes are decided, then seen by scans, then told, each write in its turn, and a scan beside them. When
 * there is no room, all that are not seen yet are refused together. When the tree begins again, the scan waits for the writes
 * that were decided before.
 */
class Model {
  readonly tree = new RangeTree(1);
  readonly #decided = new Map<string, number>();
  readonly #visible = new Map<string, number>();
  readonly #unseen: { key: string; version: number }[] = [];
  readonly #untold: { key: string; before: number | undefined; version: number; note: boolean }[] = [];
  /** Writes that were decided before the tree was restarted, and are not told yet. */
  #barrier = 0;
  #versions = 0;

  constructor(stored: readonly string[]) {
    for (const key of stored) {
      this.#versions += 1;
      this.#decided.set(key, this.#versions);
      this.#visible.set(key, this.#versions);
    }
  }

  decide(key: string): void {
    const before = this.#decided.get(key);
    this.#versions += 1;
    const note = this.tree.writing(bytesOf(key), before === undefined ? undefined : Uint8Array.of(before));
    this.#decided.set(key, this.#versions);
    this.#unseen.push({ key, version: this.#versions });
    this.#untold.push({ key, before, version: this.#versions, note });
  }

  sync(): void {
    const write = this.#unseen.shift();
    if (write !== undefined) this.#visible.set(write.key, write.version);
  }

  refuse(): void {
    const refused = this.#untold.splice(this.#untold.length - this.#unseen.length);
    this.#unseen.length = 0;
    this.#barrier = Math.min(this.#barrier, this.#untold.length);
    for (const { key, note } of refused) this.tree.notWritten(bytesOf(key), note);
    for (const { key, before } of refused.reverse()) {
      if (before === undefined) this.#decided.delete(key);
      else this.#decided.set(key, before);
    }
  }

  /** A write is told only once it is seen. */
  tell(): void {
    if (this.#untold.length <= this.#unseen.length) return;
    this.#barrier = Math.max(0, this.#barrier - 1);
    const { key, before, version, note } = this.#untold.shift()!;
    const change = { before: before === undefined ? undefined : Uint8Array.of(before), after: Uint8Array.of(version) };
    this.tree.written(bytesOf(key), change, note);
  }

  restart(): void {
    this.tree.restart();
    this.#barrier = this.#untold.length;
  }

  scan(entries: number): void {
    if (this.tree.complete || this.#barrier > 0) return;
    const scanned = this.tree.scanned && String.fromCharCode(...this.tree.scanned);
    const left = [...this.#visible].filter(([key]) => scanned === undefined || key > scanned).sort();
    this.tree.count(
      left.slice(0, entries).map(([key, version]) => ({ key: bytesOf(key), version: Uint8Array.of(version) })),
    );
    if (left.length < entries) this.tree.finish();
  }

  end(): void {
    while (this.#unseen.length > 0) this.sync();
    while (this.#untold.length > 0) this.tell();
    while (!this.tree.complete) this.scan(2);
  }

  expected(): HashTree {
    const tree = new HashTree({ levels: 1 });
    for (const [key, version] of this.#visible) tree.replace(bytesOf(key), undefined, Uint8Array.of(version));
    return tree;
  }
}

describe('the tree of a range', () => {
  it('counts exactly what is stored, wherever the scan was when a write was decided, seen or told', () => {
    const nodes = [...Array(16).keys()];
    fc.assert(
      fc.property(fc.subarray([...keys]), fc.array(step, { maxLength: 40 }), (stored, steps) => {
        const model = new Model(stored);
        for (const each of steps) {
          if (each.type === 'decide') model.decide(each.key);
          else if (each.type === 'scan') model.scan(each.entries);
          else model[each.type]();
        }
        model.end();
        const [tree, expected] = [model.tree.tree, model.expected()];
        expect(tree.differing(1, nodes, expected.hashesOf(1, nodes))).toEqual([]);
        expect(tree.entries).toBe(expected.entries);
      }),
      { numRuns: 1000 },
    );
  });
});
