import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noRepairs, type ReplicaAnswerKind } from './receipt.ts';
import type { Version } from './version.ts';
import {
  type WriteFailure,
  type WriteEffect,
  WriteOperation,
  type WriteOutcome,
  type WriteResult,
} from './write-operation.ts';

const actor = '0'.repeat(32);
const older: Version = { ms: 9, counter: 0, actor };
const mine: Version = { ms: 10, counter: 0, actor };
const newer: Version = { ms: 11, counter: 0, actor };
const newest: Version = { ms: 12, counter: 0, actor };
const servers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** What one replica does with the write. `silent`: nothing ever comes back. */
const kinds = ['applied', 'superseded', 'refused', 'unreachable', 'silent'] as const;
type Kind = (typeof kinds)[number];
type Event = { readonly replica: string; readonly kind: Kind };

function startWrite(n: number, w: number): WriteOperation {
  const operation = new WriteOperation({ replicas: servers.slice(0, n), needed: w, epoch: 4 }, mine, 100);
  operation.start();
  return operation;
}

function feed(operation: WriteOperation, { replica, kind }: Event, now = 101): WriteEffect[] {
  switch (kind) {
    case 'applied':
      return operation.acknowledge(replica, mine, now);
    case 'superseded':
      return operation.acknowledge(replica, newer, now);
    case 'refused':
    case 'unreachable':
      return operation.fail(replica, kind, `${kind.toUpperCase()}-BY-TEST`, now);
    case 'silent':
      return [];
  }
}

function resultOf(effects: readonly WriteEffect[]): WriteResult {
  const answers = effects.filter((effect) => effect.type === 'answer');
  expect(answers).toHaveLength(1);
  return answers[0]!.result;
}

interface Expected {
  readonly outcome: WriteOutcome;
  readonly reason?: WriteFailure;
  readonly durable: number;
  readonly rows: ReplicaAnswerKind[];
}

/** What is known of one replica: durable beats all; what may have been done stays so; a refusal is the least. */
function rowOf(events: readonly Event[], replica: string): ReplicaAnswerKind {
  const said = new Set(events.filter((event) => event.replica === replica).map(({ kind }) => kind));
  const order = ['superseded', 'applied', 'unreachable', 'refused'] as const;
  return order.find((kind) => said.has(kind)) ?? 'pending';
}

/** The definitions, applied to what has come in so far; `undefined` while the outcome is open. */
function verdict(n: number, w: number, events: readonly Event[]): Expected | undefined {
  const rows = servers.slice(0, n).map((replica) => rowOf(events, replica));
  const count = (...of: ReplicaAnswerKind[]): number => rows.filter((row) => of.includes(row)).length;
  const durable = count('applied', 'superseded');
  if (durable >= w) return { outcome: count('superseded') > 0 ? 'superseded' : 'applied', durable, rows };
  if (count('refused') === n) return { outcome: 'rejected', reason: 'refused', durable, rows };
  const isLost = n - count('refused', 'unreachable') < w;
  if (isLost && count('pending') === 0) return { outcome: 'unknown', reason: 'too-few-replicas', durable, rows };
  return undefined;
}

function expectedOf(n: number, w: number, events: readonly Event[]): { expected: Expected; after: number } {
  for (let after = 1; after <= events.length; after += 1) {
    const expected = verdict(n, w, events.slice(0, after));
    if (expected !== undefined) return { expected, after };
  }
  const rows = servers.slice(0, n).map((replica) => rowOf(events, replica));
  const durable = rows.filter((row) => row === 'applied' || row === 'superseded').length;
  const lost = rows.filter((row) => row === 'refused' || row === 'unreachable').length;
  const reason = n - lost < w ? 'too-few-replicas' : 'deadline';
  return { expected: { outcome: 'unknown', reason, durable, rows }, after: events.length + 1 };
}

/** Feeds every event, then lets the deadline pass, and compares outcome, moment and receipt with the definitions. */
function check(n: number, w: number, events: readonly Event[]): void {
  const operation = startWrite(n, w);
  const { expected, after } = expectedOf(n, w, events);
  const batches = [...events.map((event) => feed(operation, event)), operation.expire()];
  const answeredAfter = batches.findIndex((effects) => effects.length > 0) + 1;
  const [answer, ...others] = batches.flat();
  if (answer?.type !== 'answer' || others.length > 0)
    return expect.fail(`${others.length + 1} effects, not one answer`);
  const { result } = answer;
  const got: Expected = {
    outcome: result.outcome,
    ...(result.reason !== undefined && { reason: result.reason }),
    durable: result.receipt.got,
    rows: result.receipt.replicas.map(({ answer }) => answer),
  };
  if (answeredAfter !== after || JSON.stringify(got) !== JSON.stringify(expected)) {
    const story = events.map(({ replica, kind }) => `${replica} ${kind}`).join(', ');
    expect({ story, answeredAfter, ...got }).toEqual({ story, answeredAfter: after, ...expected });
  }
  const isSuperseded = expected.outcome === 'superseded';
  if (result.certain !== (!isSuperseded || 2 * w > n)) expect.fail(`certain is ${result.certain} with W=${w}, N=${n}`);
  if ((result.winner === newer) !== isSuperseded) expect.fail(`a winner is named with ${result.outcome}`);
}

/** Every multiset of `size` kinds, as counts turned into one kind for each replica. */
function multisets(size: number, from: readonly Kind[] = kinds): Kind[][] {
  const [kind, ...others] = from;
  if (kind === undefined) return size === 0 ? [[]] : [];
  return Array.from({ length: size + 1 }, (_, count) => count).flatMap((count) =>
    multisets(size - count, others).map((rest) => [...Array.from({ length: count }, () => kind), ...rest]),
  );
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('the outcome of a write (truth table)', () => {
  it.each([1, 2, 3, 4])('N=%i: every W, every multiset of answers, in every order', (n) => {
    for (const answers of multisets(n)) {
      const events = answers.map((kind, index) => ({ replica: servers[index]!, kind }));
      for (const order of permutations(events)) for (let w = 1; w <= n; w += 1) check(n, w, order);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('N=%i: every W, every multiset of answers, in random orders with duplicates', (n) => {
    for (const [seed, answers] of multisets(n).entries()) {
      const events = answers.map((kind, index) => ({ replica: servers[index]!, kind }));
      const twice = [...events, ...events];
      const orders = fc.shuffledSubarray(twice, { minLength: n, maxLength: twice.length });
      for (const [index, order] of fc.sample(orders, { numRuns: 4, seed }).entries()) {
        // The subarray may leave an answer out, so every case is also run with all of them, duplicated.
        const w = 1 + (index % n);
        check(n, w, order);
        for (let level = 1; level <= n; level += 1) check(n, level, [...order, ...twice]);
      }
    }
  });

  it('also when a replica changes its story: tries again, is cut off after its answer, or is superseded later', () => {
    const event = fc.record({ replica: fc.constantFrom(...servers, 'stranger'), kind: fc.constantFrom(...kinds) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(), fc.array(event, { maxLength: 24 }), (n, level, events) => {
        check(n, 1 + (level % n), events);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('WriteOperation', () => {
  it('sends to every replica at once', () => {
    const operation = new WriteOperation({ replicas: ['a', 'b', 'c'], needed: 2, epoch: 4 }, mine, 100);
    expect(operation.answered).toBe(false);
    expect(operation.start()).toEqual(['a', 'b', 'c'].map((to) => ({ type: 'send', to })));
  });

  it('answers with W acknowledgements and a receipt that says who else was asked', () => {
    const operation = startWrite(3, 2);
    expect(operation.acknowledge('c', mine, 103)).toEqual([]);
    const [effect] = operation.acknowledge('a', mine, 107.5);
    expect(operation.answered).toBe(true);
    expect(effect).toEqual({
      type: 'answer',
      result: {
        outcome: 'applied',
        version: mine,
        certain: true,
        receipt: {
          mode: 'strict',
          epoch: 4,
          needed: 2,
          got: 2,
          replicas: [
            { replica: 'a', role: 'primary', answer: 'applied', version: mine, latencyMs: 7.5 },
            { replica: 'b', role: 'primary', answer: 'pending' },
            { replica: 'c', role: 'primary', answer: 'applied', version: mine, latencyMs: 3 },
          ],
          repairs: noRepairs,
        },
      },
    });
  });

  it('names the newest winner that it met', () => {
    const operation = startWrite(3, 3);
    operation.acknowledge('a', newest, 101);
    operation.acknowledge('b', newer, 102);
    const result = resultOf(operation.acknowledge('c', mine, 103));
    expect(result).toMatchObject({ outcome: 'superseded', winner: newest, certain: true });
    expect(result.receipt.replicas.map(({ version }) => version)).toEqual([newest, newer, mine]);
  });

  it('names who holds an unknown write, and who is behind a broken link', () => {
    const operation = startWrite(3, 3);
    operation.acknowledge('b', newer, 102);
    expect(operation.fail('c', 'unreachable', 'link-lost', 104)).toEqual([]);
    const result = resultOf(operation.expire());
    expect(result).toMatchObject({ outcome: 'unknown', reason: 'too-few-replicas', certain: true });
    expect(result.receipt.replicas).toEqual([
      { replica: 'a', role: 'primary', answer: 'pending' },
      { replica: 'b', role: 'primary', answer: 'superseded', version: newer, latencyMs: 2 },
      { replica: 'c', role: 'primary', answer: 'unreachable', reason: 'link-lost', latencyMs: 4 },
    ]);
  });

  it('waits for who has not answered before it gives up, so that the receipt names every holder', () => {
    const operation = startWrite(3, 3);
    operation.fail('a', 'unreachable', 'link-lost', 101);
    expect(operation.acknowledge('b', mine, 102)).toEqual([]);
    const result = resultOf(operation.acknowledge('c', mine, 103));
    expect(result).toMatchObject({ outcome: 'unknown', reason: 'too-few-replicas', receipt: { needed: 3, got: 2 } });
  });

  it('keeps a replica in the receipt as a holder when its link breaks after it acknowledged', () => {
    const operation = startWrite(3, 2);
    operation.acknowledge('a', mine, 101);
    operation.fail('a', 'unreachable', 'link-lost', 102);
    const result = resultOf(operation.expire());
    expect(result.outcome).toBe('unknown');
    expect(result.receipt.replicas[0]).toMatchObject({ replica: 'a', answer: 'applied', latencyMs: 1 });
  });

  it('is not rejected when a first try may have been done, though every replica refused the second', () => {
    const operation = startWrite(1, 1);
    const result = resultOf(operation.fail('a', 'unreachable', 'link-lost', 101));
    expect(result.outcome).toBe('unknown');

    const retried = startWrite(2, 1);
    retried.fail('a', 'unreachable', 'link-lost', 101);
    retried.fail('a', 'refused', 'overloaded', 102);
    expect(resultOf(retried.fail('b', 'refused', 'overloaded', 103)).outcome).toBe('unknown');
  });

  it('keeps the first latency of an answer that comes twice', () => {
    const operation = startWrite(3, 2);
    operation.acknowledge('a', mine, 101);
    operation.acknowledge('a', mine, 150);
    operation.fail('b', 'refused', 'overloaded', 102);
    operation.fail('b', 'refused', 'overloaded', 160);
    const { receipt } = resultOf(operation.acknowledge('c', mine, 170));
    expect(receipt.replicas.map(({ latencyMs }) => latencyMs)).toEqual([1, 2, 70]);
  });

  it('does not count a replica that acknowledges something older', () => {
    const operation = startWrite(1, 1);
    expect(operation.acknowledge('a', older, 101)).toEqual([]);
    expect(resultOf(operation.expire()).receipt).toMatchObject({ got: 0, replicas: [{ answer: 'pending' }] });
  });

  it('lets no stranger count, win or fail', () => {
    const operation = startWrite(2, 2);
    operation.acknowledge('stranger', newer, 101);
    operation.fail('another', 'unreachable', 'link-lost', 101);
    operation.acknowledge('a', mine, 102);
    const result = resultOf(operation.acknowledge('b', mine, 103));
    expect(result.outcome).toBe('applied');
    expect(result.receipt.replicas).toHaveLength(2);
  });

  /** What is answered `rejected` is never read: so nothing may be sent after it. */
  it('is rejected before anything is sent when too few are up, and sends nothing afterwards', () => {
    const plan = { replicas: ['a', 'b', 'c'], needed: 3, epoch: 4, down: ['b'], coordinator: 'a' };
    const operation = new WriteOperation(plan, mine, 100);
    const result = resultOf(operation.start());
    expect(result).toMatchObject({ outcome: 'rejected', reason: 'too-few-replicas', receipt: { needed: 3, got: 2 } });
    expect(result.receipt.replicas).toEqual([{ replica: 'b', role: 'primary', answer: 'down' }]);
    expect(operation.over).toBe(true);
    expect([...operation.start(), ...operation.late(), ...operation.expire()]).toEqual([]);
  });

  it('has no effects after its answer where nobody keeps hints, whatever still comes in', () => {
    const operation = startWrite(3, 1);
    resultOf(operation.acknowledge('a', mine, 101));
    const late = kinds.flatMap((kind) => servers.map((replica) => ({ replica, kind })));
    expect(late.flatMap((event) => feed(operation, event))).toEqual([]);
    expect([...operation.late(), ...operation.expire(), ...operation.start()]).toEqual([]);
  });
});
