import { describe, expect, it } from 'vitest';
import { SiblingError } from '../errors.ts';
import { believedContext } from './believed-context.ts';
import { noSiblings, type SiblingSet, writeSibling } from './sibling-set.ts';

const id = { ms: 1, counter: 0, actor: '0'.repeat(32) };
const isActor = (actor: string) => ['a', 'b', 'c'].includes(actor);
const written = (above = 0): SiblingSet<string> =>
  writeSibling<string>(noSiblings, { actor: 'a', id, context: new Map([['b', 5]]), value: 'x', above });

describe('a context from outside', () => {
  it('is believed where it names what its reader may have seen', () => {
    const context = new Map([
      ['a', 1],
      ['b', 900],
      ['c', 3],
    ]);
    expect(believedContext(context, written(), { actor: 'a', isActor })).toEqual(context);
  });

  it('does not cover writes that the judge itself is yet to make', () => {
    const believer = { actor: 'a', isActor };
    expect(believedContext(new Map([['a', 2 ** 52]]), written(), believer)).toEqual(new Map([['a', 1]]));
    expect(believedContext(new Map([['a', 7]]), noSiblings, believer)).toEqual(new Map());
  });

  it('does not make actors of strangers, but knows those that the set knows', () => {
    const set = writeSibling<string>(noSiblings, { actor: 'gone', id, context: new Map(), value: 'x' });
    const context = new Map([
      ['stranger', 1],
      ['gone', 1],
    ]);
    expect(believedContext(context, set, { actor: 'a', isActor })).toEqual(new Map([['gone', 1]]));
  });

  it('is refused where it names writes that nobody can have made yet', () => {
    const far = new Map([['b', 2 ** 30]]);
    expect(() => believedContext(far, written(), { actor: 'a', isActor })).toThrow(SiblingError);
    expect(believedContext(far, written(), { actor: 'a', isActor, above: 2 ** 30 - 500 })).toEqual(far);
  });
});
