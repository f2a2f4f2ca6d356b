import { describe, expect, it } from 'vitest';
import { Tombstones } from './tombstones.ts';

describe('Tombstones', () => {
  it('begins with what an earlier run had forgotten and lists what to keep for the next', () => {
    const tombstones = new Tombstones(10, [{ id: 'a', generation: 3 }]);
    tombstones.bury({ id: 'b', generation: 1, leftState: null });
    expect(tombstones.list()).toEqual([
      { id: 'a', generation: 3 },
      { id: 'b', generation: 1 },
    ]);
  });

  it('never lowers the generation that it bars', () => {
    const tombstones = new Tombstones(10, [{ id: 'a', generation: 3 }]);
    tombstones.bury({ id: 'a', generation: 2, leftState: null });
    expect(tombstones.get('a')?.generation).toBe(3);
    tombstones.bury({ id: 'a', generation: 4, leftState: null });
    expect(tombstones.get('a')?.generation).toBe(4);
  });

  it('drops the oldest beyond its capacity', () => {
    const tombstones = new Tombstones(2, []);
    for (const id of ['a', 'b', 'a', 'c']) tombstones.bury({ id, generation: 1, leftState: null });
    expect(tombstones.list().map(({ id }) => id)).toEqual(['a', 'c']);
  });
});
