/** A member whose stored bytes have rotted refuses what needs them, and serves and repairs everything else. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

let cluster: TestCluster;
let a: TestMember;
let c: TestMember;

/** Small memtables, so that what was written is soon in runs, and nothing of these in memory. */
const options = { storage: { memtableBytes: 8192, blockBytes: 256, cacheBytes: 0, scaling: 8 } };
const names = Array.from({ length: 40 }, (_, number) => `key-${number}`);

beforeEach(async () => {
  cluster = await TestCluster.start({ turn: () => setImmediate(), options });
  a = cluster.members[0]!;
  c = cluster.members[2]!;
  await cluster.elapse(100);
  for (const name of names) await cluster.put(a, name, name.repeat(60), { w: 3 });
  await cluster.elapse(1000);
});
afterEach(() => cluster.close());

/** Turns over one bit early in one run, where its first block lies. */
async function rot({ disk }: TestMember): Promise<void> {
  const name = (await disk.list('')).find((path) => path.endsWith('.run'))!;
  const bytes = disk.contents(name).slice();
  bytes[60] = bytes[60]! ^ 4;
  disk.place(name, bytes);
}

/** Answers of `c` alone, key by key. */
async function readAll(): Promise<string[]> {
  const outcomes = await Promise.all(names.map((name) => cluster.get(c, name, { r: 1, timeoutMs: 300 })));
  return outcomes.map(({ outcome, receipt }) => {
    const own = receipt.replicas.find(({ replica }) => replica === c.id);
    return `${outcome} ${own?.reason ?? own?.answer ?? 'not asked'}`;
  });
}

const openAgain = async (): Promise<void> => {
  await c.node?.close();
  await rot(c);
  (await cluster.open(c)).start();
  await cluster.elapse(2000);
};

describe('a member whose runs are damaged', () => {
  it('finds damage on reading, lets another owner answer, and serves what is whole (T20)', async () => {
    await openAgain();
    const answers = await readAll();
    expect(answers).toContain('found held');
    expect(answers).toContain('found STORAGE_DAMAGED');
    expect(new Set(answers).size).toBe(2);
  });

  it('refuses to write what it cannot compare, and does not stop', async () => {
    await openAgain();
    const answers = await readAll();
    const damaged = names.filter((_, index) => answers[index] === 'found STORAGE_DAMAGED');
    expect(damaged.length).toBeGreaterThan(0);
    for (const name of damaged) {
      const put = await cluster.put(a, name, 'newer', { w: 2 });
      expect(put.outcome).toBe('applied');
      const all = await cluster.put(a, name, 'newest', { w: 3 });
      expect(all.outcome).toBe('unknown');
      expect(all.receipt.replicas.find(({ replica }) => replica === c.id)).toMatchObject({
        answer: 'refused',
        reason: 'STORAGE_DAMAGED',
      });
    }
    expect(c.fatal).toBeUndefined();
    expect(c.node?.ready).toBe(true);
  });

  it('goes on comparing what it can read, and tells each damaged place once', async () => {
    await openAgain();
    await cluster.elapse(50_000);
    await readAll();
    expect(c.fatal).toBeUndefined();
    expect(c.node?.counters.exchangesConfirmed).toBeGreaterThan(0);
    expect(c.node?.repairDebt?.ageMs).toBeGreaterThan(40_000);
    const told = c.logged.filter((event) => event === 'storage-damaged').length;
    expect(told).toBe(1);
    expect(c.node?.counters.damagedReads).toBeGreaterThan(0);
  });
});
