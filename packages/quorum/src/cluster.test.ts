/** Reads and writes that overlap, over drawn misfortunes: what N, R and W promise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actor,
  Cluster,
  type Fate,
  type Floor,
  isAnswer,
  isAtLeast,
  nothingYet,
  Reader,
  returned,
  strictPlan,
  valueOf,
  Writer,
} from './testing/replica-model.ts';
import type { ReadResult } from './read-operation.ts';
import type { Receipt } from './receipt.ts';
import { formatVersion, newerOf } from './version.ts';
import type { WriteResult } from './write-operation.ts';

interface Scenario {
  readonly n: number;
  readonly r: number;
  readonly w: number;
  /** The time of a write, in any order; `undefined` is a read. */
  readonly script: readonly (number | undefined)[];
  /** How many of 25 writes and repairs go wrong, and how many of the other messages. */
  readonly storeTrouble: number;
  readonly trouble: number;
  /** How often a write or a repair is passed over before it arrives, on average. */
  readonly slowness: number;
  /** Servers that own nothing, which each operation may count or not. */
  readonly fallbacks: number;
  readonly seed: number;
  /** The number of decisions after which everything goes well; a failing scenario shrinks to its last misfortune. */
  readonly quietAfter: number;
}

const troubles: readonly Fate[] = ['lost', 'cut-before', 'refused', 'duplicated', 'cut-after'];

/** One run of a scenario: operations overlap, messages meet their fates, slow reads are helped, deadlines pass. */
class Run {
  readonly readers: Reader[] = [];
  readonly writers: Writer[] = [];
  readonly cluster: Cluster;
  readonly #scenario: Scenario;
  #begun = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const draw = drawing(scenario.seed);
    let used = 0;
    this.cluster = new Cluster(
      scenario.n,
      (options) => (used++ < scenario.quietAfter ? draw() % options : 0),
      scenario.fallbacks,
    );
    while (this.#step());
    for (const client of this.#open()) client.expire();
  }

  /** Makes one move, the one drawn where it is possible; false when nothing is left but to wait for the deadline. */
  #step(): boolean {
    const { inFlight, choose } = this.cluster;
    const move = choose(256);
    const open = this.#open();
    const slow = open.filter((client) => client instanceof Reader);
    const late = open[move % 4 === 0 && open.length > 0 ? choose(open.length) : -1];
    const mayBegin = this.#begun < this.#scenario.script.length;
    const wasIdle = !mayBegin && inFlight.length === 0;
    const isTime = move >= (slow.length > 0 ? 220 : 100);
    if (move === 255 && open.length > 0) open[choose(open.length)]!.expire();
    else if (move >= 240 && late !== undefined) late.late();
    else if (move >= 250 && slow.length > 0) slow[choose(slow.length)]!.standIn();
    else if (mayBegin && (isTime || inFlight.length === 0)) this.#begin();
    else if (inFlight.length > 0) this.#deliver(choose(inFlight.length));
    else slow.forEach((reader) => reader.standIn());
    return !wasIdle || inFlight.length > 0;
  }

  #deliver(index: number): void {
    const { inFlight, choose } = this.cluster;
    const { slowness, storeTrouble, trouble } = this.#scenario;
    const isStore = inFlight[index]!.type === 'store';
    if (isStore && choose(slowness) > 0) return;
    const isWell = choose(25) < 25 - (isStore ? storeTrouble : trouble);
    this.cluster.meet(index, isWell ? 'delivered' : troubles[choose(troubles.length)]!);
  }

  #open(): (Reader | Writer)[] {
    return [...this.readers, ...this.writers].filter(({ isOver }) => !isOver);
  }

  #begin(): void {
    const { script, r, w } = this.#scenario;
    const at = script[this.#begun];
    const sloppy = this.cluster.choose(3) > 0;
    const plan = this.cluster.anyPlan(at === undefined ? r : w, sloppy);
    const floor = this.#floor();
    if (at === undefined) this.readers.push(new Reader(this.cluster, plan, floor));
    else this.writers.push(new Writer(this.cluster, plan, { ms: at, counter: this.#begun, actor }, floor));
    this.#begun += 1;
  }

  /** Only what owners alone answered binds anybody. */
  #floor(): Floor {
    const durable = this.writers.flatMap(({ answers }) => answers.filter(isDurable).filter(isStrict));
    const acknowledged = durable.map(({ version }) => version);
    const read = this.readers.flatMap(({ answers }) => answers.filter(isHeld).map(returned));
    return { read: read.reduce(newerOf, undefined), durable: acknowledged.reduce(newerOf, undefined) };
  }
}

/** A pseudo-random sequence (xorshift32, Marsaglia 2003). */
function drawing(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) & 0xffff;
  };
}

function isStrict({ receipt }: { readonly receipt: Receipt }): boolean {
  return receipt.mode === 'strict';
}

/** Whether enough owners held what a read returned. */
function isHeld(result: ReadResult<string>): boolean {
  return isAnswer(result) && isStrict(result) && result.receipt.repairs.held >= result.receipt.repairs.needed;
}

function isDurable({ outcome }: WriteResult): boolean {
  return outcome === 'applied' || outcome === 'superseded';
}

const quorums = fc.integer({ min: 1, max: 7 }).chain((n) => {
  const level = fc.integer({ min: 1, max: n });
  return fc.record({ n: fc.constant(n), r: level, w: level });
});

function scenarios(holds: (quorum: { n: number; r: number; w: number }) => boolean): fc.Arbitrary<Scenario> {
  const operation = fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 2, arbitrary: fc.constant(undefined) },
  );
  return fc
    .record({
      quorum: quorums.filter(holds),
      script: fc.array(operation, { minLength: 3, maxLength: 12, size: 'max' }),
      storeTrouble: fc.constantFrom(0, 4, 16),
      trouble: fc.constantFrom(0, 2, 8),
      slowness: fc.constantFrom(1, 8),
      fallbacks: fc.constantFrom(0, 0, 1, 3),
      seed: fc.nat(),
      quietAfter: fc.nat({ max: 1_000 }),
    })
    .map(({ quorum, script, ...rest }) => ({ ...quorum, ...rest, script: [0, ...script] }));
}

function forAll(
  arbitrary: fc.Arbitrary<Scenario>,
  check: (run: Run, scenario: Scenario) => void,
  parameters: fc.Parameters<[Scenario]> = {},
): void {
  fc.assert(
    fc.property(arbitrary, (scenario) => {
      check(new Run(scenario), scenario);
    }),
    { numRuns: 600, ...parameters },
  );
}

const anyQuorum = (): boolean => true;

describe('reads and writes over a network that reorders, duplicates, loses and cuts', () => {
  it('2R > N: no read that began after another was answered returns something older', () => {
    const holds = ({ n, r }: { n: number; r: number }): boolean => 2 * r > n && r < n;
    forAll(scenarios(holds), ({ readers }) => {
      for (const { answers, floor } of readers) {
        for (const result of answers.filter(isHeld)) expect(isAtLeast(returned(result), floor.read)).toBe(true);
      }
    });
  });

  it('R+W > N: a read that began after a write was acknowledged returns that version or a newer one', () => {
    const holds = ({ n, r, w }: { n: number; r: number; w: number }): boolean => r + w > n;
    forAll(scenarios(holds), ({ readers }) => {
      for (const { answers, floor } of readers) {
        for (const result of answers.filter(isAnswer).filter(isStrict)) {
          expect(isAtLeast(returned(result), floor.durable)).toBe(true);
        }
      }
    });
  });

  it('2R > N: N−R+1 owners hold what a read returns, or something newer, at the moment of its answer', () => {
    forAll(scenarios(anyQuorum), ({ readers }, { n, r }) => {
      for (const { answers, holders, plan } of readers) {
        const { outcome, receipt } = answers[0]!;
        if (outcome !== 'found') continue;
        const { needed, held } = receipt.repairs;
        expect(needed).toBe(2 * r > n ? n - r + 1 : 0);
        expect(holders).toBeGreaterThanOrEqual(held);
        if (plan.sloppy !== true) expect(held).toBeGreaterThanOrEqual(needed);
      }
    });
  });

  it('every operation is answered exactly once, and only with what was written', () => {
    forAll(scenarios(anyQuorum), ({ readers, writers, cluster }) => {
      for (const { answers } of [...readers, ...writers]) expect(answers).toHaveLength(1);
      for (const result of readers.flatMap(({ answers }) => answers)) {
        if (result.outcome !== 'found') continue;
        expect(cluster.everStored).toContain(formatVersion(result.version));
        expect(result.value).toBe(valueOf(result.version));
      }
    });
  });

  it('a read fails for the reason that it gives', () => {
    forAll(scenarios(anyQuorum), ({ readers }, { n, r, fallbacks }) => {
      for (const { answers, unconfirmedRepairs, failures, plan } of readers) {
        const { outcome, receipt } = answers[0]!;
        expect(receipt.repairs.acknowledged).toBeLessThanOrEqual(receipt.repairs.sent);
        if (outcome === 'found' || outcome === 'absent') expect(receipt.got).toBe(r);
        const servers = n + (plan.sloppy === true ? fallbacks : 0);
        const lost = new Set([...failures, ...(plan.down ?? [])]);
        if (outcome === 'unavailable') expect(lost.size).toBeGreaterThan(servers - r);
        if (outcome !== 'repair-incomplete') continue;
        expect(2 * r).toBeGreaterThan(n);
        expect(plan.sloppy).toBe(false);
        expect(unconfirmedRepairs).toBeGreaterThan(0);
      }
    });
  });

  it('a write is durable on W servers when it says so, and on none when it is rejected', () => {
    forAll(scenarios(anyQuorum), ({ writers, cluster }, { w }) => {
      for (const { version, outcome, receipt, reason } of writers.flatMap(({ answers }) => answers)) {
        const named = receipt.replicas.filter(({ answer }) => answer === 'applied' || answer === 'superseded');
        if (reason !== 'too-few-replicas' || outcome !== 'rejected') {
          expect(new Set(named.map(({ replica }) => replica)).size).toBe(receipt.got);
        }
        for (const { replica, hintFor } of named) {
          const held = hintFor === undefined ? cluster.held(replica) : cluster.hint(replica, hintFor);
          expect(isAtLeast(held, version)).toBe(true);
        }
        const primaries = named.filter(({ role }) => role === 'primary').length;
        expect(receipt.mode === 'sloppy').toBe(primaries < w && primaries < receipt.got && outcome !== 'rejected');
        if (outcome === 'applied' || outcome === 'superseded') expect(receipt.got).toBeGreaterThanOrEqual(w);
        if (outcome === 'rejected') expect(cluster.everStored).not.toContain(formatVersion(version));
      }
    });
  });

  it('2W > N: no write misses a newer version that was acknowledged before it began', () => {
    const holds = ({ n, w }: { n: number; w: number }): boolean => 2 * w > n;
    forAll(scenarios(holds), ({ writers }) => {
      for (const { answers, floor } of writers) {
        for (const result of answers.filter(isDurable).filter(isStrict)) {
          expect(isAtLeast(result.winner ?? result.version, floor.durable)).toBe(true);
        }
      }
    });
  });

  it('the schedules drawn reach every outcome, repairs that are waited for, and floors that bind', () => {
    const reached = new Set<string>();
    const collect = ({ readers, writers }: Run): void => {
      for (const { outcome, reason, receipt } of writers.flatMap(({ answers }) => answers)) {
        reached.add(`write ${outcome}${reason === undefined ? '' : ` ${reason}`}`);
        if (receipt.mode === 'sloppy' && reason === undefined) reached.add(`write ${outcome} sloppily`);
      }
      for (const { answers, floor } of readers) {
        const { outcome, receipt } = answers[0]!;
        reached.add(`read ${outcome}`);
        if (outcome === 'found' && receipt.repairs.acknowledged > 0) reached.add('repairs waited for');
        const asked = receipt.replicas.filter(({ role, answer }) => role === 'primary' && answer !== 'down');
        if (outcome === 'found' && asked.length > receipt.needed) reached.add('stand-ins asked');
        if (receipt.mode === 'sloppy') reached.add(`read ${outcome} sloppily`);
        if (outcome === 'found' && receipt.repairs.held < receipt.repairs.needed)
          reached.add('read found, too few hold it');
        if (floor.read !== undefined && floor.durable !== undefined) reached.add('floors');
      }
    };
    forAll(scenarios(anyQuorum), collect, { seed: 1, numRuns: 1_000 });
    expect([...reached].sort()).toEqual([
      'floors',
      'read absent',
      'read absent sloppily',
      'read found',
      'read found sloppily',
      'read found, too few hold it',
      'read repair-incomplete',
      'read timed-out',
      'read timed-out sloppily',
      'read unavailable',
      'read unavailable sloppily',
      'repairs waited for',
      'stand-ins asked',
      'write applied',
      'write applied sloppily',
      'write rejected refused',
      'write rejected too-few-replicas',
      'write superseded',
      'write superseded sloppily',
      'write unknown deadline',
      'write unknown too-few-replicas',
    ]);
  });

  it('nothing fails while nothing goes wrong, and a read of all replicas leaves them equal', () => {
    const quiet = scenarios(anyQuorum).map((scenario) => ({ ...scenario, quietAfter: 0 }));
    forAll(quiet, ({ readers, writers, cluster }, { n }) => {
      for (const { answers } of readers) expect(isAnswer(answers[0]!)).toBe(true);
      for (const { answers } of writers) expect(isDurable(answers[0]!)).toBe(true);
      const last = new Reader(cluster, strictPlan(cluster.names, n), nothingYet);
      while (cluster.inFlight.length > 0) cluster.meet(0, 'delivered');
      expect(isAnswer(last.answers[0]!)).toBe(true);
      expect(new Set(cluster.names.map((name) => cluster.held(name)?.ms)).size).toBe(1);
    });
  });
});

describe('hints', () => {
  it('whoever owns the key has the write, or somebody was asked to keep it, unless it was rejected', () => {
    forAll(scenarios(anyQuorum), ({ writers, cluster }) => {
      for (const { answers, hints, plan } of writers) {
        const [{ outcome, version, receipt }] = answers as [WriteResult];
        if (outcome === 'rejected') {
          expect(hints.filter(({ answered }) => answered)).toEqual([]);
          continue;
        }
        for (const owner of plan.replicas) {
          const isProvided =
            isAtLeast(cluster.held(owner), version) || hints.some((each) => each.intendedOwner === owner);
          expect(isProvided, `${owner} of ${JSON.stringify(receipt)}`).toBe(true);
        }
      }
    });
  });

  it('go to each fallback at most once, and to the coordinator at most once for each owner and only after the answer', () => {
    forAll(scenarios(anyQuorum), ({ writers, cluster }) => {
      for (const { hints, plan } of writers) {
        const counted = hints.filter(({ answered, to }) => !answered && cluster.fallbacks.includes(to));
        expect(new Set(counted.map(({ to }) => to)).size).toBe(counted.length);
        expect(new Set(hints.map(({ to, intendedOwner }) => `${to} ${intendedOwner}`)).size).toBe(hints.length);
        if (plan.sloppy === true) continue;
        expect(hints.every(({ answered, to }) => answered && to === plan.coordinator)).toBe(true);
      }
    });
  });

  it('are no more than owners while nothing goes wrong, and none where nobody is down', () => {
    const quiet = scenarios(anyQuorum).map((scenario) => ({ ...scenario, quietAfter: 0 }));
    forAll(quiet, ({ writers }) => {
      for (const { hints } of writers) expect(hints).toEqual([]);
    });
  });
});
