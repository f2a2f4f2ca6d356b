import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SiblingError } from '../errors.ts';
import type { Version } from '../version.ts';
import {
  type Context,
  isWithin,
  mergeSiblings,
  noSiblings,
  type SiblingSet,
  visibleSiblings,
  writeSibling,
} from './sibling-set.ts';

const actors = ['a', 'b', 'c'] as const;
const nothingRead: Context = new Map();

function id(number: number): Version {
  return { ms: number, counter: 0, actor: '0'.repeat(32) };
}

/** Replicas as one would wish them: each knows a set of writes, and of each write which ones its writer had seen. */
class Model {
  readonly known = new Map<string, Set<number>>(actors.map((actor) => [actor, new Set()]));
  readonly #seen = new Map<number, ReadonlySet<number>>();
  readonly #deletes = new Set<number>();

  write(actor: string, number: number, seen: ReadonlySet<number>, isDelete: boolean): void {
    this.#seen.set(number, seen);
    if (isDelete) this.#deletes.add(number);
    // Who writes with a context has, through it, seen all that went into it.
    this.known.set(actor, new Set([...this.known.get(actor)!, ...seen, number]));
  }

  merge(into: string, from: string): void {
    this.known.set(into, new Set([...this.known.get(into)!, ...this.known.get(from)!]));
  }

  /** The writes that no known write had seen. */
  siblings(actor: string): number[] {
    const known = [...this.known.get(actor)!];
    const replaced = (number: number) => known.some((other) => this.#seen.get(other)!.has(number));
    return known.filter((number) => !replaced(number) && !this.#deletes.has(number)).sort((a, b) => a - b);
  }
}

const step = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    actor: fc.constantFrom(...actors),
    readFrom: fc.option(fc.constantFrom(...actors), { nil: undefined }),
    isDelete: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('merge' as const),
    actor: fc.constantFrom(...actors),
    from: fc.constantFrom(...actors),
  }),
);

/** Sets as replicas come to hold them. */
const histories = fc.array(step, { maxLength: 25 }).map((steps) => {
  const model = new Model();
  const sets = new Map<string, SiblingSet<number>>(actors.map((actor) => [actor, noSiblings]));
  for (const [number, each] of steps.entries()) {
    const held = sets.get(each.actor)!;
    if (each.type === 'merge') {
      sets.set(each.actor, mergeSiblings(held, sets.get(each.from)!));
      model.merge(each.actor, each.from);
      continue;
    }
    const { actor, readFrom, isDelete } = each;
    const context = readFrom === undefined ? nothingRead : sets.get(readFrom)!.context;
    const seen = new Set(readFrom === undefined ? [] : model.known.get(readFrom));
    const value = isDelete ? undefined : number;
    sets.set(actor, writeSibling(held, { actor, id: id(number + 1), context, value }));
    model.write(actor, number, seen, isDelete);
  }
  return { model, sets };
});

describe('a set of siblings', () => {
  it('holds exactly the writes that no other known write had seen: none is lost silently, none comes back', () => {
    fc.assert(
      fc.property(histories, ({ model, sets }) => {
        for (const actor of actors) {
          expect(sets.get(actor)!.siblings.map(({ value }) => value)).toEqual(model.siblings(actor));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('merges in any order, and as often as one likes, to the same', () => {
    fc.assert(
      fc.property(histories, ({ sets }) => {
        const [a, b, c] = actors.map((actor) => sets.get(actor)!) as [
          SiblingSet<number>,
          SiblingSet<number>,
          SiblingSet<number>,
        ];
        const limits = { writes: 4 };
        const merge = (x: SiblingSet<number>, y: SiblingSet<number>) => mergeSiblings(x, y, limits);
        expect(merge(a, b)).toEqual(merge(b, a));
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
        expect(merge(merge(a, b), b)).toEqual(merge(a, b));
        const { context } = merge(a, b);
        for (const [actor, counter] of a.context) expect(context.get(actor)).toBeGreaterThanOrEqual(counter);
      }),
    );
  });

  it('has a write that is tried again once, also when it was replaced since', () => {
    const first = writeSibling<string>(noSiblings, { actor: 'a', id: id(1), context: nothingRead, value: 'x' });
    expect(writeSibling(first, { actor: 'a', id: id(1), context: nothingRead, value: 'x' })).toBe(first);
    const replaced = writeSibling(first, { actor: 'a', id: id(2), context: first.context, value: 'y' });
    const again = writeSibling(replaced, { actor: 'a', id: id(1), context: nothingRead, value: 'x' });
    expect(again.siblings.map(({ value }) => value)).toEqual(['y']);
  });

  it('shows a write once that two owners gave a dot', () => {
    const write = { id: id(1), context: nothingRead, value: 'x' };
    const [a, b] = ['a', 'b'].map((actor) => writeSibling<string>(noSiblings, { ...write, actor }));
    const merged = mergeSiblings(a!, b!);
    expect(merged.siblings).toHaveLength(2);
    expect(visibleSiblings(merged).map(({ value }) => value)).toEqual(['x']);
    const reconciled = writeSibling(merged, { actor: 'b', id: id(2), context: merged.context, value: 'z' });
    expect(reconciled.siblings.map(({ value }) => value)).toEqual(['z']);
  });

  it('refuses what it has no room for, and says how to get some', () => {
    let set: SiblingSet<number> = noSiblings;
    const write = (number: number, context: Context) =>
      (set = writeSibling(set, { actor: 'a', id: id(number), context, value: number }, { siblings: 3 }));
    for (let number = 1; number <= 3; number += 1) write(number, nothingRead);
    expect(() => write(4, nothingRead)).toThrow(
      new SiblingError(
        'TOO_MANY_SIBLINGS',
        'a key has at most 3 siblings, this write would be number 4: read, reconcile, write',
      ),
    );
    write(5, set.context);
    expect(set.siblings.map(({ value }) => value)).toEqual([5]);
  });

  it('never gives a dot twice, though its actor forgot the set: whoever remembers the first would drop the second', () => {
    const first = writeSibling<string>(noSiblings, {
      actor: 'a',
      id: id(1),
      context: nothingRead,
      value: 'x',
      above: 40,
    });
    expect(first.siblings[0]!.dot).toEqual({ actor: 'a', counter: 41 });
    const deleted = writeSibling<string>(first, { actor: 'a', id: id(2), context: first.context, value: undefined });
    expect(deleted.context.get('a')).toBe(42);
    const forgot = writeSibling<string>(noSiblings, {
      actor: 'a',
      id: id(3),
      context: nothingRead,
      value: 'y',
      above: 60,
    });
    expect(mergeSiblings(deleted, forgot).siblings.map(({ value }) => value)).toEqual(['y']);
    const amnesiac = writeSibling<string>(noSiblings, { actor: 'a', id: id(3), context: nothingRead, value: 'y' });
    expect(mergeSiblings(deleted, amnesiac).siblings, 'what the counters above prevent').toEqual([]);
  });

  it('says whether one context knows all that another does', () => {
    const context = new Map([['a', 2]]);
    expect(isWithin(nothingRead, context)).toBe(true);
    expect(
      isWithin(
        context,
        new Map([
          ['a', 3],
          ['b', 1],
        ]),
      ),
    ).toBe(true);
    expect(
      isWithin(
        context,
        new Map([
          ['a', 1],
          ['b', 9],
        ]),
      ),
    ).toBe(false);
  });

  it('brings together at most what each of its actors has let in', () => {
    const limits = { siblings: 3 };
    const filled = actors.map((actor) => {
      let set: SiblingSet<number> = noSiblings;
      for (let number = 1; number <= 3; number += 1) {
        set = writeSibling(set, { actor, id: id(number), context: nothingRead, value: number }, limits);
      }
      return set;
    });
    const merged = filled.reduce((a, b) => mergeSiblings(a, b));
    expect(merged.siblings).toHaveLength(9);
    const some = new Map([['a', 2]]);
    const partly = { actor: 'b', id: id(9), context: some, value: 9 };
    expect(() => writeSibling(merged, partly, limits), 'still more than 3').toThrow(SiblingError);
    expect(writeSibling(merged, { ...partly, value: undefined }, limits).siblings).toHaveLength(7);
  });

  it('refuses a write of which it may have forgotten that it was made', () => {
    let set: SiblingSet<number> = noSiblings;
    const write = (number: number) =>
      (set = writeSibling(set, { actor: 'a', id: id(number), context: set.context, value: number }, { writes: 2 }));
    for (const number of [2, 3, 4]) write(number);
    expect(() => write(2)).toThrow(SiblingError);
    expect(write(3)).toBe(set);
    expect(set.siblings.map(({ value }) => value)).toEqual([4]);
  });
});
