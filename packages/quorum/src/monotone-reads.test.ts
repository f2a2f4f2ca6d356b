/**
 * Reads after a write that reached one of three replicas before its coordinator died: the case for which readers write
 * back before they answer (Attiya, Bar-Noy and Dolev 1995), through every schedule there is.
 */
import { describe, expect, it } from 'vitest';
import {
  actor,
  type Choose,
  Cluster,
  type Fate,
  nothingYet,
  Reader,
  returned,
  strictPlan,
  Writer,
} from './testing/replica-model.ts';
import { explore } from './testing/explore.ts';
import type { Version } from './version.ts';

const old: Version = { ms: 1, counter: 0, actor };
const fresh: Version = { ms: 2, counter: 0, actor };

function clusterHolding(holders: readonly string[], choose: Choose): Cluster {
  const cluster = new Cluster(3, choose);
  for (const name of cluster.names) cluster.store(name, holders.includes(name) ? fresh : old);
  return cluster;
}

/** A read of two of three replicas in this order, by a coordinator that dies once it answered; the third is cut off. */
function readPair(cluster: Cluster, order: readonly string[]): Version | undefined {
  const reader = new Reader(cluster, strictPlan(order, 2), nothingYet);
  while (!reader.operation.answered) {
    const [next] = cluster.inFlight;
    cluster.meet(0, next!.type !== 'reply' && next!.to === order[2] ? 'cut-before' : 'delivered');
  }
  cluster.inFlight.length = 0;
  expect(reader.answers[0]?.outcome).toBe('found');
  return returned(reader.answers[0]!);
}

const orders = [0, 1, 2].flatMap((first) =>
  [0, 1].map((second) => {
    const rest = ['a', 'b', 'c'];
    return [...rest.splice(first, 1), ...rest.splice(second, 1), ...rest];
  }),
);

/** What one read did: what it returned, and how many replicas hold the new version afterwards. */
interface Step {
  readonly seen: 'old' | 'new' | 'nothing';
  readonly holders: number;
}

/**
 * One read with R=2 of N=3 that begins while the first `holders` replicas have the new version (replicas differ by name
 * only, and it asks them in every order). Replies arrive in any order, or their links break instead, before or after a
 * repair was stored; a message of the dead coordinator still lands on one more replica, before or after any fetch there
 * is served; help is asked for at any moment. `note` hears of every moment at which the deadline may pass, and of the end.
 */
function readOnce(holders: number, order: readonly string[], choose: Choose, note: (step: Step) => void): void {
  const cluster = clusterHolding(['a', 'b', 'c'].slice(0, holders), choose);
  const reader = new Reader(cluster, strictPlan(order, 2), nothingYet);
  let helpLeft = 2;
  while (!reader.operation.answered) {
    note({ seen: 'nothing', holders: cluster.holdersOf(fresh) });
    serveAll(cluster, cluster.names[holders]);
    const moves = cluster.inFlight.map((_, index) => () => cluster.meet(index, 'delivered'));
    const standIn = (): void => {
      helpLeft -= 1;
      reader.standIn();
    };
    if (helpLeft > 0) moves.push(standIn);
    else if (moves.length === 0) moves.push(() => reader.expire());
    moves[choose(moves.length)]!();
  }
  const version = returned(reader.answers[0]!);
  const seen = version === undefined ? 'nothing' : version === old ? 'old' : 'new';
  note({ seen, holders: cluster.holdersOf(fresh) });
}

function serveAll(cluster: Cluster, lateTarget: string | undefined): void {
  for (const message of [...cluster.inFlight]) {
    if (message.type === 'reply') continue;
    const fates: Fate[] = ['delivered', 'cut-before', ...(message.type === 'store' ? ['cut-after' as const] : [])];
    const mayLand = message.to === lateTarget && message.type === 'fetch' && cluster.held(message.to) === old;
    if (mayLand && cluster.choose(2) === 1) cluster.store(message.to, fresh);
    cluster.meet(cluster.inFlight.indexOf(message), fates[cluster.choose(fates.length)]!);
  }
}

describe('a write that reached one of three replicas before its coordinator died', () => {
  it('is unknown, and its receipt names the holder', () => {
    const cluster = clusterHolding([], () => 0);
    const writer = new Writer(cluster, strictPlan(cluster.names, 2), fresh, nothingYet);
    cluster.meet(1, 'delivered');
    while (cluster.inFlight.length > 0) cluster.meet(0, cluster.inFlight[0]!.type === 'reply' ? 'delivered' : 'lost');
    writer.expire();
    expect(writer.answers[0]).toMatchObject({ outcome: 'unknown', receipt: { got: 1 } });
    expect(writer.answers[0]!.receipt.replicas.map(({ answer }) => answer)).toEqual(['pending', 'applied', 'pending']);
  });

  it.each(['a', 'b', 'c'])('at %s: four reads over any pairs in any order never go from new to old', (holder) => {
    for (const sequence of orders.flatMap((a) => orders.flatMap((b) => orders.map((c) => [a, b, c])))) {
      for (const last of orders) {
        const cluster = clusterHolding([holder], () => 0);
        const seen = [...sequence, last].map((order) => readPair(cluster, order)?.ms);
        const meeting = [...sequence, last].findIndex((order) => order.indexOf(holder) < 2);
        const expected = seen.map((_, index) => (meeting >= 0 && index >= meeting ? fresh.ms : old.ms));
        expect(seen).toEqual(expected);
      }
    }
  });

  /** Steps from every state are followed until nothing new is reached, so the claim holds for any number of reads. */
  it('no number of reads goes from new to old, whatever the network does (every schedule)', () => {
    const steps = new Map<number, Step[]>();
    for (const holders of [0, 1, 2, 3]) {
      const found = new Map<string, Step>();
      const note = (step: Step): unknown => found.set(`${step.seen} ${step.holders}`, step);
      for (const order of orders) explore((choose) => readOnce(holders, order, choose, note));
      steps.set(holders, [...found.values()]);
    }
    const from = (holders: number): Step[] => steps.get(holders) ?? [];
    expect(new Set(from(1).map(({ seen }) => seen)), 'both may be read at first').toEqual(
      new Set(['old', 'new', 'nothing']),
    );
    const afterNew = new Set(
      [...steps.values()].flat().flatMap(({ seen, holders }) => (seen === 'new' ? holders : [])),
    );
    for (const holders of afterNew) {
      expect(from(holders).filter(({ seen }) => seen === 'old')).toEqual([]);
      for (const next of from(holders)) afterNew.add(next.holders);
      // Repairs and writes that are still on their way land between two reads.
      if (holders < 3) afterNew.add(holders + 1);
    }
    expect([...afterNew].sort()).toEqual([2, 3]);
  });
});

describe('what is not promised', () => {
  it('R=1 with W=N: reads go back while a write is in flight', () => {
    const read = (nearest: string[]): Version | undefined => {
      const reader = new Reader(cluster, strictPlan(nearest, 1), nothingYet);
      while (cluster.inFlight.length > 0) cluster.meet(0, 'delivered');
      return returned(reader.answers[0]!);
    };
    const cluster = clusterHolding(['a'], () => 0);
    expect([read(['a', 'b', 'c']), read(['b', 'c', 'a'])]).toEqual([fresh, old]);
  });

  it('superseded: the loser may be read until the winner has been repaired, even with 2W > N', () => {
    const cluster = new Cluster(3, () => 0);
    cluster.store('a', fresh);
    const writer = new Writer(cluster, strictPlan(cluster.names, 2), old, nothingYet);
    cluster.meet(2, 'lost');
    while (cluster.inFlight.length > 0) cluster.meet(0, 'delivered');
    expect(writer.answers[0]).toMatchObject({ outcome: 'superseded', winner: fresh, certain: true });
    expect(readPair(cluster, ['b', 'c', 'a'])).toEqual(old);
    expect(readPair(cluster, ['a', 'b', 'c'])).toEqual(fresh);
    expect(readPair(cluster, ['b', 'c', 'a'])).toEqual(fresh);
  });
});
