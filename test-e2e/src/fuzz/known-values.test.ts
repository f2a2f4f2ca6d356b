import { expect, it } from 'vitest';
import { KnownValues } from './known-values.ts';

it('learns what answers call as a parameter is called, and keeps the first and the latest', () => {
  const known = new KnownValues();
  expect(known.pick('cursor', 0)).toBeUndefined();
  known.learn({ cursor: 'c', nested: [{ cursor: 'd' }], keyspaces: [{ name: 'default' }, { name: 'other' }], n: 1 });
  expect([0, 1, 2].map((choice) => known.pick('cursor', choice))).toEqual(['c', 'd', 'c']);
  expect([0, 1].map((choice) => known.pick('keyspace', choice))).toEqual(['default', 'other']);
  for (let number = 0; number < 100; number += 1) known.learn({ cursor: `e${number}` });
  expect([0, 1, 2].map((choice) => known.pick('cursor', choice))).toEqual(['c', 'e99', 'e98']);
});
