import type { StorageEngine } from '@kv/lsm-storage/core';
import type { Ballot } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { DiskRoom } from '../disk-room.ts';
import { sealedBallot } from '../purge/sealed-ballot.ts';
import { StorageDamage } from '../storage-damage.ts';
import { StorageFailures } from '../storage-failures.ts';
import { BallotCeiling } from './ballot-ceiling.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ballot = (counter: number): Ballot => ({ counter, proposer: 'p' });
const counterIn = (bytes: Uint8Array): number => Number(Buffer.from(bytes).readBigUInt64BE());

/** Over a storage whose writes end when the test says so. */
function ceilingOver(stored?: Uint8Array) {
  const writes: { readonly counter: number; readonly ends: (error?: Error) => void }[] = [];
  const put = (_: Uint8Array, value: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      writes.push({ counter: counterIn(value), ends: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  const engine = { put, getSync: () => stored } as unknown as StorageEngine;
  const counters = createCounters();
  const room = new DiskRoom({ clock: { wallMs: () => 0, monotonicMs: () => 0 }, log, counters });
  const failures = new StorageFailures(room, new StorageDamage({ log, counters }), () => undefined);
  const ceiling = new BallotCeiling(engine, failures);
  const ended: string[] = [];
  const cover = (counter: number): void =>
    ceiling.cover(
      ballot(counter),
      () => ended.push(`${counter} covered`),
      () => ended.push(`${counter} failed`),
    );
  return { ceiling, cover, writes, ended };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the ceiling of ballots', () => {
  it('lets a ballot through once a higher bound is durable, and the next ones at once', async () => {
    const { ceiling, cover, writes, ended } = ceilingOver();
    cover(10);
    expect([ended, writes.length]).toEqual([[], 1]);
    writes[0]?.ends();
    await turn();
    cover(11);
    expect([ended, writes.length]).toEqual([['10 covered', '11 covered'], 1]);
    expect(sealedBallot(ceiling.seal).counter).toBeGreaterThan(11);
  });

  it('never falls below what it let through, whichever of two writes is refused', async () => {
    for (const refused of [0, 1]) {
      const { ceiling, cover, writes, ended } = ceilingOver();
      cover(10);
      const far = (writes[0]?.counter ?? 0) * 4;
      cover(far);
      expect(writes.length).toBe(2);
      for (const [index, write] of writes.entries()) write.ends(index === refused ? new Error('no') : undefined);
      await turn();
      const durable = writes[1 - refused]?.counter ?? 0;
      expect(sealedBallot(ceiling.seal).counter).toBeGreaterThan(durable);
      cover(20);
      cover(far);
      for (const write of writes.slice(2)) write.ends();
      await turn();
      expect(ended).toContain(`${far} covered`);
      expect(ended).toContain('20 covered');
      expect(sealedBallot(ceiling.seal).counter).toBeGreaterThan(far);
      expect(writes.map(({ counter }) => counter)).toEqual(writes.map(({ counter }) => counter).sort((a, b) => a - b));
      const [restated] = ceiling.restated();
      expect(restated?.type === 'put' && counterIn(restated.value)).toBeGreaterThan(far);
    }
  });
});
