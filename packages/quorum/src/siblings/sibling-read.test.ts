import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Version } from '../version.ts';
import {
  type FullSet,
  type KnownSet,
  SiblingRead,
  type SiblingReadEffect,
  type SiblingReadResult,
} from './sibling-read.ts';

/** Numbers stand for writes: all that a read needs to know of sets is that they merge and have digests. */
type Numbers = ReadonlySet<number>;

const version: Version = { ms: 1, counter: 0, actor: '0'.repeat(32) };

function full(...numbers: number[]): FullSet<Numbers> {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return { digest: sorted.join(' '), version, content: new Set(sorted) };
}

function named(...numbers: number[]): KnownSet<Numbers> {
  return { digest: full(...numbers).digest, version };
}

function merge(a: FullSet<Numbers>, b: FullSet<Numbers>): FullSet<Numbers> {
  return full(...a.content, ...b.content);
}

function startRead(n: number, r: number): SiblingRead<Numbers> {
  const replicas = ['a', 'b', 'c', 'd', 'e'].slice(0, n);
  const operation = new SiblingRead<Numbers>({ replicas, needed: r, epoch: 4 }, 100, merge);
  operation.start();
  return operation;
}

function answer(effects: readonly SiblingReadEffect<Numbers>[]): SiblingReadResult<Numbers> {
  const last = effects.at(-1);
  if (last?.type !== 'answer') throw new Error(`needed an answer, got ${last?.type}`);
  return last.result;
}

describe('a read of sets', () => {
  it('asks R owners, one for its set, and answers when their digests agree', () => {
    const operation = new SiblingRead<Numbers>({ replicas: ['a', 'b', 'c'], needed: 2, epoch: 4 }, 100, merge);
    expect(operation.start()).toEqual([
      { type: 'fetch', from: 'a', want: 'value' },
      { type: 'fetch', from: 'b', want: 'version' },
    ]);
    expect(operation.receive('b', named(1, 2), 103)).toEqual([]);
    expect(answer(operation.receive('a', full(1, 2), 105))).toEqual({
      outcome: 'found',
      set: full(1, 2),
      receipt: {
        mode: 'strict',
        epoch: 4,
        needed: 2,
        got: 2,
        replicas: [
          { replica: 'a', role: 'primary', answer: 'held', version, latencyMs: 5 },
          { replica: 'b', role: 'primary', answer: 'held', version, latencyMs: 3 },
        ],
        repairs: { sent: 0, acknowledged: 0, needed: 2, held: 2 },
      },
    });
  });

  it('merges what differs, and answers once all of it is with N−R+1 owners', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(1), 101);
    expect(operation.receive('b', named(2), 102)).toEqual([{ type: 'fetch', from: 'b', want: 'value' }]);
    expect(operation.receive('b', full(2), 103)).toEqual([
      { type: 'repair', to: 'a', set: full(1, 2) },
      { type: 'repair', to: 'b', set: full(1, 2) },
    ]);
    expect(operation.repaired('a', full(1).digest), 'a repair that was not sent').toEqual([]);
    expect(operation.repaired('a', full(1, 2).digest)).toEqual([]);
    const result = answer(operation.repaired('b', full(1, 2).digest));
    expect(result).toMatchObject({
      outcome: 'found',
      set: full(1, 2),
      receipt: { repairs: { sent: 2, acknowledged: 2 } },
    });
  });

  it('fetches a set once that several hold, and repairs only who lacks something', () => {
    const operation = startRead(4, 3);
    operation.receive('a', full(1), 101);
    expect(operation.receive('b', named(1, 2), 102)).toEqual([]);
    expect(operation.receive('c', named(1, 2), 103)).toEqual([{ type: 'fetch', from: 'b', want: 'value' }]);
    const effects = operation.receive('b', full(1, 2), 104);
    expect(effects.map(({ type }) => type)).toEqual(['repair', 'answer']);
    expect(effects[0]).toMatchObject({ to: 'a' });
  });

  it('is absent where nobody holds anything, and waits for nobody with 2R ≤ N', () => {
    const operation = startRead(2, 1);
    expect(answer(operation.receive('a', undefined, 101)).outcome).toBe('absent');
    const wide = startRead(4, 2);
    wide.receive('a', full(1), 101);
    const effects = wide.receive('b', undefined, 102);
    expect(effects.map(({ type }) => type)).toEqual(['repair', 'answer']);
  });

  it('replaces who fails, keeps what it gave, and says when too few are left', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(7), 101);
    expect(operation.fail('a', 'unreachable', 'LINK_LOST', 102)).toEqual([{ type: 'fetch', from: 'c', want: 'value' }]);
    operation.receive('b', named(1), 103);
    expect(operation.receive('c', full(1), 104)).toEqual([
      { type: 'repair', to: 'b', set: full(1, 7) },
      { type: 'repair', to: 'c', set: full(1, 7) },
    ]);
    expect(answer(operation.fail('b', 'refused', 'NOT_READY', 105))).toMatchObject({ outcome: 'unavailable' });
  });

  it('is refused at once where too few owners are up: the receipt tells how many are, and who is not', () => {
    const plan = { replicas: ['a', 'b', 'c'], needed: 3, epoch: 4, down: ['b'] };
    expect(answer(new SiblingRead(plan, 100, merge).start())).toMatchObject({
      outcome: 'unavailable',
      receipt: { needed: 3, got: 2, replicas: [{ replica: 'b', role: 'primary', answer: 'down' }] },
    });
    expect(new SiblingRead({ ...plan, needed: 2 }, 100, merge).start()).toHaveLength(2);
  });

  it('asks one more owner, or another holder, when someone is slow', () => {
    const operation = startRead(3, 2);
    operation.receive('a', full(1), 101);
    expect(operation.standIn()).toEqual([{ type: 'fetch', from: 'c', want: 'value' }]);
    operation.receive('b', named(2), 102);
    expect(operation.standIn(), 'b was asked when it named what it holds').toEqual([]);
    operation.fail('b', 'unreachable', 'LINK_LOST', 103);
    const other = startRead(3, 3);
    other.receive('a', full(1), 101);
    other.receive('b', named(2), 102);
    other.receive('c', named(2), 103);
    expect(other.standIn()).toEqual([{ type: 'fetch', from: 'c', want: 'value' }]);
  });

  it('ends at the deadline as what it lacked: answers, a set, or holders', () => {
    const few = startRead(3, 2);
    few.receive('a', full(1), 101);
    expect(answer(few.expire()).outcome).toBe('timed-out');
    const unseen = startRead(3, 2);
    unseen.receive('a', full(1), 101);
    unseen.receive('b', named(2), 101);
    expect(answer(unseen.expire()).outcome).toBe('timed-out');
    const unrepaired = startRead(3, 2);
    unrepaired.receive('a', full(1), 101);
    unrepaired.receive('b', full(2), 101);
    expect(answer(unrepaired.expire()).outcome).toBe('repair-incomplete');
    expect(unrepaired.expire()).toEqual([]);
    expect(unrepaired.receive('b', full(2), 102)).toEqual([]);
  });

  it('takes no harm from answers that come again late', () => {
    const operation = startRead(5, 3);
    operation.receive('a', full(1), 101);
    operation.receive('b', full(2), 102);
    operation.receive('c', full(1, 2), 103);
    operation.repaired('a', full(1, 2).digest);
    expect(operation.receive('a', named(1), 104)).toEqual([]);
    expect(operation.receive('a', undefined, 105)).toEqual([]);
    expect(operation.receive('x', full(9), 106), 'a stranger').toEqual([]);
    expect(answer(operation.repaired('b', full(1, 2).digest))).toMatchObject({ set: full(1, 2) });
  });
});

interface Scenario {
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly script: readonly ('read' | 'write')[];
  readonly trouble: number;
  readonly choices: readonly number[];
}

interface Reader {
  readonly operation: SiblingRead<Numbers>;
  readonly floor: { readonly read: Numbers; readonly durable: Numbers };
  readonly answers: SiblingReadResult<Numbers>[];
  holders: number;
}

/** Reads and writes that overlap; every message may be lost, cut, late or doubled. Replicas only ever learn. */
class Run {
  readonly readers: Reader[] = [];
  readonly written = new Set<number>();
  readonly #scenario: Scenario;
  readonly #stored: ReadonlyMap<string, Set<number>>;
  readonly #acknowledged = new Set<number>();
  readonly #messages: { deliver: () => void; fail: () => void }[] = [];
  #used = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#stored = new Map(['a', 'b', 'c', 'd', 'e'].slice(0, scenario.n).map((name) => [name, new Set()]));
    const script = [...scenario.script];
    for (let moves = 0; (script.length > 0 || this.#messages.length > 0) && moves < 2000; moves += 1) {
      const next = this.#messages.length === 0 || this.#draw(6) === 1 ? script.shift() : undefined;
      if (next === 'read') this.#read();
      else if (next === 'write') this.#write();
      else if (this.#messages.length > 0) this.#meet(this.#draw(this.#messages.length));
      if (this.#draw(8) === 1)
        for (const { operation } of this.readers) this.#later(() => this.#drive(operation, (o) => o.standIn()));
    }
    for (const { operation } of this.readers) this.#drive(operation, (read) => read.expire());
  }

  #draw(options: number): number {
    this.#used += 1;
    return (this.#scenario.choices[this.#used % this.#scenario.choices.length] ?? 0) % options;
  }

  /** A message meets its fate: delivered mostly; or lost, cut before or after it was served, or delivered twice. */
  #meet(index: number): void {
    const [message] = this.#messages.splice(index, 1);
    const fate = this.#draw(100) < this.#scenario.trouble ? this.#draw(4) : 4;
    if (fate === 0) return;
    if (fate !== 1) message?.deliver();
    if (fate === 1 || fate === 2) message?.fail();
    if (fate === 3) message?.deliver();
  }

  #later(deliver: () => void): void {
    this.#messages.push({ deliver, fail: () => undefined });
  }

  #write(): void {
    const number = this.written.size + 1;
    this.written.add(number);
    const durable = new Set<string>();
    for (const [name, stored] of this.#stored) {
      this.#later(() => {
        stored.add(number);
        this.#later(() => {
          durable.add(name);
          if (durable.size >= this.#scenario.w) this.#acknowledged.add(number);
        });
      });
    }
  }

  #read(): void {
    const rest = [...this.#stored.keys()];
    const replicas = [...this.#stored.keys()].flatMap(() => rest.splice(this.#draw(rest.length), 1));
    const read = new Set(this.readers.flatMap(({ answers }) => answers.flatMap((result) => [...numbersOf(result)])));
    const operation = new SiblingRead<Numbers>({ replicas, needed: this.#scenario.r, epoch: 1 }, 0, merge);
    this.readers.push({ operation, floor: { read, durable: new Set(this.#acknowledged) }, answers: [], holders: 0 });
    this.#drive(operation, (begun) => begun.start());
  }

  #drive(
    operation: SiblingRead<Numbers>,
    step: (operation: SiblingRead<Numbers>) => readonly SiblingReadEffect<Numbers>[],
  ): void {
    for (const effect of step(operation)) {
      if (effect.type === 'fetch') this.#fetch(operation, effect.from, effect.want);
      else if (effect.type === 'repair') this.#repair(operation, effect.to, effect.set);
      else this.#conclude(operation, effect.result);
    }
  }

  #fetch(operation: SiblingRead<Numbers>, from: string, want: 'value' | 'version'): void {
    const serve = (): void => {
      const stored = [...this.#stored.get(from)!];
      const held = stored.length === 0 ? undefined : want === 'value' ? full(...stored) : named(...stored);
      this.#later(() => this.#drive(operation, (read) => read.receive(from, held, 0)));
    };
    this.#messages.push({ deliver: serve, fail: () => this.#fail(operation, from) });
  }

  #repair(operation: SiblingRead<Numbers>, to: string, set: FullSet<Numbers>): void {
    const serve = (): void => {
      for (const number of set.content) this.#stored.get(to)!.add(number);
      this.#later(() => this.#drive(operation, (read) => read.repaired(to, set.digest)));
    };
    this.#messages.push({ deliver: serve, fail: () => this.#fail(operation, to) });
  }

  #fail(operation: SiblingRead<Numbers>, replica: string): void {
    this.#later(() => this.#drive(operation, (read) => read.fail(replica, 'unreachable', 'by-model', 0)));
  }

  #conclude(operation: SiblingRead<Numbers>, result: SiblingReadResult<Numbers>): void {
    const reader = this.readers.find((each) => each.operation === operation)!;
    reader.answers.push(result);
    reader.holders = [...this.#stored.values()].filter((stored) => isWithin(numbersOf(result), stored)).length;
  }
}

function numbersOf(result: SiblingReadResult<Numbers>): Numbers {
  return result.outcome === 'found' ? result.set.content : new Set();
}

function isWithin(part: Numbers, whole: Numbers): boolean {
  return [...part].every((number) => whole.has(number));
}

const scenarios = fc.integer({ min: 1, max: 5 }).chain((n) => {
  const level = fc.integer({ min: 1, max: n });
  return fc.record({
    n: fc.constant(n),
    r: level,
    w: level,
    script: fc.array(fc.constantFrom('read' as const, 'write' as const), { minLength: 2, maxLength: 14, size: 'max' }),
    trouble: fc.constantFrom(0, 10, 40),
    choices: fc.array(fc.nat({ max: 1000 }), { minLength: 50, maxLength: 400, size: 'max' }),
  });
});

describe('reads and writes that overlap', () => {
  it('answer once; see what was acknowledged (R+W>N), never less than before (2R>N), and nothing that nobody wrote', () => {
    let found = 0;
    let merged = 0;
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { n, r, w } = scenario;
        const run = new Run(scenario);
        for (const { answers, floor, holders } of run.readers) {
          expect(answers).toHaveLength(1);
          const [result] = answers as [SiblingReadResult<Numbers>];
          if (result.outcome !== 'found' && result.outcome !== 'absent') continue;
          const numbers = numbersOf(result);
          expect(isWithin(numbers, run.written)).toBe(true);
          if (r + w > n) expect(isWithin(floor.durable, numbers)).toBe(true);
          if (2 * r > n) expect(isWithin(floor.read, numbers)).toBe(true);
          if (2 * r > n) expect(holders).toBeGreaterThanOrEqual(n - r + 1);
          found += 1;
          if (result.receipt.repairs.acknowledged > 1) merged += 1;
        }
      }),
      { numRuns: 1500 },
    );
    expect(found).toBeGreaterThan(1000);
    expect(merged, 'reads that had to bring sets together').toBeGreaterThan(20);
  });
});
