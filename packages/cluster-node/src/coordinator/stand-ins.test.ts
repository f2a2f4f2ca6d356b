import { setImmediate } from 'node:timers/promises';
import { HedgeBudget, LatencyTracker } from '@kv/quorum';
import { decodeFrame, type Message } from '@kv/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { defaultOptions } from '../options.ts';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';
import { VirtualTime } from '../testing/virtual-time.ts';
import { StandIns } from './stand-ins.ts';

describe('the stand-ins of one read', () => {
  const time = new VirtualTime();
  const patient = { ...defaultOptions, standInAfterMs: 200 };

  function make(share: number, burst: number, callbacks: ConstructorParameters<typeof StandIns>[1]) {
    const [latencies, counters] = [new LatencyTracker(), createCounters()];
    const hedges = new HedgeBudget(share, burst);
    const dependencies = { clock: time, timers: time, latencies, hedges, counters, options: patient };
    return { latencies, counters, hedges, standIns: new StandIns(dependencies, callbacks) };
  }

  it('come when who is waited for takes longer than usual, and at most as late as the options say', () => {
    const asked: number[] = [];
    const startedAt = time.monotonicMs();
    const { latencies, standIns } = make(1, 10, { standIn: () => asked.push(time.monotonicMs() - startedAt) > 0 });
    for (let i = 0; i < 100; i += 1) latencies.record('a', 40 + (i % 3), startedAt);
    const unusualMs = latencies.percentileMs('a')!;
    expect(unusualMs).toBeGreaterThan(42);
    expect(unusualMs).toBeLessThan(190);
    standIns.asked('a');
    standIns.start();
    time.advance(unusualMs - 1);
    expect(asked).toEqual([]);
    standIns.asked('not heard of yet');
    time.advance(1);
    expect(asked).toHaveLength(1);
    time.advance(200);
    expect(asked.length).toBeGreaterThan(1);
    standIns.stop();
    const before = asked.length;
    time.advance(10_000);
    expect(asked).toHaveLength(before);
  });

  it('cost nothing when there is nobody to ask, and are sought again', () => {
    let others = 0;
    const { counters, hedges, standIns } = make(0, 1, { standIn: () => others > 0 });
    standIns.asked('a');
    standIns.start();
    time.advance(1000);
    expect(counters).toMatchObject({ standIns: 0, standInsRefused: 0 });
    others = 1;
    time.advance(250);
    expect(counters.standIns).toBe(1);
    expect(hedges.take()).toBe(false);
    standIns.stop();
  });

  it('are refused beyond the budget, and the read knows all the same, once, that it is slow', () => {
    let slow = 0;
    const { counters, standIns } = make(0, 0, { standIn: () => true, slow: () => (slow += 1) });
    standIns.asked('a');
    standIns.start();
    time.advance(190);
    expect(slow).toBe(0);
    time.advance(1000);
    expect(slow).toBe(1);
    expect(counters.standIns).toBe(0);
    expect(counters.standInsRefused).toBeGreaterThan(1);
    standIns.stop();
  });

  it('tell how long an answer took, who is silent so far, and nothing of who failed', () => {
    const { latencies, standIns } = make(1, 10, { standIn: () => false });
    const askedAt = ['answers', 'silent', 'fails'].map((replica) => standIns.asked(replica));
    standIns.start();
    time.advance(30);
    standIns.answered('answers', askedAt[0]!);
    standIns.failed('fails');
    time.advance(170);
    const usual = (replica: string) => latencies.usualMs(replica, time.monotonicMs());
    expect(usual('answers')).toBeCloseTo(30, 0);
    expect(usual('silent')).toBeCloseTo(200, 0);
    expect(latencies.percentileMs('fails')).toBeUndefined();
    standIns.stop();
  });
});

let cluster: TestCluster;
afterEach(() => cluster?.close());

const prefix = new TextEncoder().encode('{tag}');
const timeoutMs = 2000;
/** Each reads the one key, through a member that does not own it. */
const reads: [string, (at: TestMember) => Promise<{ readonly outcome: string }>][] = [
  ['a read', (at) => cluster.get(at, '{tag}', { timeoutMs })],
  ['a read of siblings', (at) => cluster.get(at, '{tag}', { timeoutMs, keyspace: 'siblings' })],
  ['a strong read', (at) => cluster.get(at, '{tag}', { timeoutMs, keyspace: 'strong' })],
  ['a scan', (at) => cluster.scan(at, { timeoutMs, prefix })],
];
const [[, plainRead]] = reads as [(typeof reads)[0]];

/** The owners of the key in the order of the preference list, and one who is none. */
async function start(options: object = {}): Promise<[reader: TestMember, owners: TestMember[]]> {
  cluster = await TestCluster.start({
    turn: () => setImmediate(),
    members: 4,
    keyspaces: [
      { name: 'siblings', replicas: 3, conflict: 'siblings' },
      { name: 'strong', replicas: 3, mode: 'strong' },
    ],
    options: { repairIntervalMs: 3_600_000, ...options },
  });
  await cluster.elapse(1000);
  const { owners, others } = cluster.placesOf('{tag}');
  await cluster.put(owners[0]!, '{tag}', 'value', { w: 3 });
  await cluster.put(owners[0]!, '{tag}', 'value', { w: 3, keyspace: 'siblings' });
  await cluster.change(owners[0]!, '{tag}', 'value');
  return [others[0]!, owners];
}

/** Who is asked for a state alone is not waited for: a strong read asks all owners for that. */
function isWaitedFor(message: Message): boolean {
  if (message.type === 'register-query') return message.want === 'value';
  return message.type === 'replica-read' || message.type === 'replica-scan';
}

describe.each(reads)('%s', (_, read) => {
  it('turns to another owner when one is slow, and the next ask that one first', async () => {
    const [reader, [slow]] = await start();
    const askedSlow: Message[] = [];
    slow!.intercept = (frame) => {
      const { message } = decodeFrame(frame);
      if (isWaitedFor(message)) askedSlow.push(message);
    };
    const failures = new Set(['unavailable', 'timed-out']);
    for (let i = 0; i < 6; i += 1) expect(failures).not.toContain((await read(reader)).outcome);
    expect(askedSlow).toHaveLength(1);
    expect(reader.node!.counters.standIns).toBe(1);
  });

  it('asks nobody else once other reads have used up what all of them may', async () => {
    const [reader, owners] = await start({ standInShare: 0 });
    owners.forEach(slowDown);
    const { counters } = reader.node!;
    for (let i = 0; i < 14; i += 1) await plainRead(reader);
    expect(counters.standIns).toBe(10);
    const refused = counters.standInsRefused;
    expect(['found', 'page']).toContain((await read(reader)).outcome);
    expect(counters.standIns).toBe(10);
    expect(counters.standInsRefused).toBeGreaterThan(refused);
  });
});

it('what one kind of read finds slow, another asks later', async () => {
  const [reader, [slow]] = await start();
  const asked: string[] = [];
  slow!.intercept = (frame) => {
    const { message } = decodeFrame(frame);
    if (isWaitedFor(message)) asked.push(message.type);
  };
  await cluster.get(reader, '{tag}', { keyspace: 'strong' });
  expect(asked).toEqual(['register-query']);
  await plainRead(reader);
  expect(asked).toEqual(['register-query']);
});

/** Whatever a read waits for comes 400 ms later. */
function slowDown(owner: TestMember): void {
  owner.intercept = (frame, from) => {
    if (!isWaitedFor(decodeFrame(frame).message)) owner.node?.receive(from, frame);
    else cluster.time.set(400, () => owner.node?.receive(from, frame));
  };
}
