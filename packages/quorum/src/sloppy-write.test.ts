/** Writes with fallbacks and hints: directed cases, and every schedule of small ones. */
import { describe, expect, it } from 'vitest';
import type { ReplicaPlan } from './replica-plan.ts';
import { explore } from './testing/explore.ts';
import type { Choose } from './testing/replica-model.ts';
import type { Version } from './version.ts';
import { type WriteEffect, WriteOperation, type WriteResult } from './write-operation.ts';

const actor = '0'.repeat(32);
const mine: Version = { ms: 10, counter: 0, actor };
const newer: Version = { ms: 11, counter: 0, actor };
const base: ReplicaPlan = {
  replicas: ['a', 'b', 'c'],
  needed: 3,
  epoch: 4,
  sloppy: true,
  fallbacks: ['x', 'y'],
  coordinator: 'a',
};

function started(plan: Partial<ReplicaPlan> = {}): { operation: WriteOperation; effects: WriteEffect[] } {
  const operation = new WriteOperation({ ...base, ...plan }, mine, 100);
  return { operation, effects: operation.start() };
}

function hint(to: string, intendedOwner: string): WriteEffect {
  return { type: 'hint', to, intendedOwner };
}

function resultIn(effects: readonly WriteEffect[]): WriteResult {
  const [answer] = effects.filter((effect) => effect.type === 'answer');
  if (answer === undefined) throw new Error('no answer');
  return answer.result;
}

describe('a sloppy write', () => {
  it('hands the hint for an owner that is down to the first fallback at once, and counts it', () => {
    const { operation, effects } = started({ down: ['b'] });
    expect(effects).toEqual([{ type: 'send', to: 'a' }, { type: 'send', to: 'c' }, hint('x', 'b')]);
    operation.acknowledge('a', mine, 101);
    operation.acknowledge('c', mine, 102);
    const result = resultIn(operation.hinted('x', 'b', mine, 103));
    expect(result).toMatchObject({ outcome: 'applied', receipt: { mode: 'sloppy', needed: 3, got: 3 } });
    expect(result.receipt.replicas.slice(1)).toEqual([
      { replica: 'b', role: 'primary', answer: 'down' },
      { replica: 'c', role: 'primary', answer: 'applied', version: mine, latencyMs: 2 },
      { replica: 'x', role: 'fallback', hintFor: 'b', answer: 'applied', version: mine, latencyMs: 3 },
    ]);
    expect(operation.over).toBe(true);
  });

  it('is strict in its receipt where owners alone were enough', () => {
    const { operation } = started({ down: ['b'], needed: 2 });
    operation.acknowledge('a', mine, 101);
    operation.hinted('x', 'b', mine, 102);
    const strict = started({ down: ['b'], needed: 2 }).operation;
    strict.acknowledge('a', mine, 101);
    expect(resultIn(strict.acknowledge('c', mine, 102)).receipt.mode).toBe('strict');
  });

  it('replaces an owner that fails, and a fallback that fails, until none is left', () => {
    const { operation } = started();
    expect(operation.fail('b', 'unreachable', 'link-lost', 101)).toEqual([hint('x', 'b')]);
    expect(operation.hintFailed('x', 'b', 'refused', 'full', 102)).toEqual([hint('y', 'b')]);
    operation.acknowledge('a', mine, 103);
    operation.acknowledge('c', mine, 104);
    const effects = operation.hintFailed('y', 'b', 'unreachable', 'link-lost', 105);
    expect(resultIn(effects)).toMatchObject({ outcome: 'unknown', reason: 'too-few-replicas', receipt: { got: 2 } });
    expect(effects.at(-1), 'the coordinator keeps it, and is not counted').toEqual(hint('a', 'b'));
    expect(operation.hinted('a', 'b', mine, 106)).toEqual([]);
    expect(operation.over).toBe(true);
  });

  it('counts a late owner and the fallback that stood in for it as the two servers that they are', () => {
    const { operation } = started({ needed: 2, down: ['a'] });
    expect(operation.late()).toEqual([hint('y', 'b')]);
    operation.hinted('y', 'b', mine, 700);
    const result = resultIn(operation.acknowledge('b', mine, 701));
    expect(result).toMatchObject({ outcome: 'applied', receipt: { got: 2, mode: 'sloppy' } });
  });

  it('counts a server once, however often it acknowledges, and a stranger never', () => {
    const { operation } = started({ needed: 3, down: ['b'] });
    operation.acknowledge('a', mine, 101);
    for (let i = 0; i < 5; i += 1) expect(operation.hinted('x', 'b', mine, 102 + i)).toEqual([]);
    for (const [keeper, owner] of [
      ['y', 'b'],
      ['x', 'c'],
      ['a', 'b'],
    ] as const) {
      expect(operation.hinted(keeper, owner, mine, 110)).toEqual([]);
      expect(operation.hintFailed(keeper, owner, 'refused', 'full', 110)).toEqual([]);
    }
    expect(resultIn(operation.acknowledge('c', mine, 120)).receipt.got).toBe(3);
  });

  it('is rejected only when owners and fallbacks all refused', () => {
    const { operation } = started({ needed: 1, replicas: ['a'], fallbacks: ['x'] });
    expect(operation.fail('a', 'refused', 'overloaded', 101)).toEqual([hint('x', 'a')]);
    const effects = operation.hintFailed('x', 'a', 'refused', 'full', 102);
    expect(resultIn(effects)).toMatchObject({ outcome: 'rejected', reason: 'refused', receipt: { got: 0 } });
    expect(effects, 'and then nobody keeps it either').toHaveLength(1);

    const held = started({ needed: 2, replicas: ['a', 'b'], fallbacks: ['x'] }).operation;
    held.fail('a', 'refused', 'overloaded', 101);
    held.fail('b', 'refused', 'overloaded', 102);
    expect(resultIn(held.hintFailed('x', 'a', 'unreachable', 'link-lost', 103)).outcome).toBe('unknown');
  });

  it('is refused before anything is sent when owners and fallbacks together are too few', () => {
    const { effects } = started({ down: ['a', 'b', 'c'], fallbacks: ['x', 'y'] });
    expect(effects).toHaveLength(1);
    expect(resultIn(effects)).toMatchObject({ outcome: 'rejected', receipt: { needed: 3, got: 2 } });
    expect(started({ down: ['a', 'b'], fallbacks: ['x', 'y'] }).effects).toHaveLength(3);
  });

  it('is never certain of a winner when fallbacks were counted', () => {
    const { operation } = started({ down: ['b'], needed: 2 });
    operation.hinted('x', 'b', newer, 101);
    expect(resultIn(operation.acknowledge('a', mine, 102))).toMatchObject({
      outcome: 'superseded',
      winner: newer,
      certain: false,
    });
  });

  it('goes on after its answer, until every owner has the write or somebody keeps it', () => {
    const { operation } = started({ needed: 1 });
    expect(operation.acknowledge('a', mine, 101)).toHaveLength(1);
    expect(operation.over).toBe(false);
    expect(operation.fail('b', 'unreachable', 'link-lost', 102)).toEqual([hint('x', 'b')]);
    expect(operation.late()).toEqual([hint('y', 'c')]);
    operation.hinted('y', 'c', mine, 700);
    expect(operation.hintFailed('x', 'b', 'unreachable', 'link-lost', 701)).toEqual([hint('a', 'b')]);
    operation.hinted('a', 'b', mine, 702);
    expect(operation.over).toBe(true);
    expect([...operation.late(), ...operation.expire()]).toEqual([]);
  });
});

describe('a strict write', () => {
  it('has the coordinator keep its hints once it is answered, and counts none', () => {
    const { operation, effects } = started({ sloppy: false, needed: 2, down: ['c'] });
    expect(effects).toEqual([
      { type: 'send', to: 'a' },
      { type: 'send', to: 'b' },
    ]);
    operation.acknowledge('a', mine, 101);
    const answered = operation.acknowledge('b', mine, 102);
    expect(resultIn(answered)).toMatchObject({ outcome: 'applied', receipt: { mode: 'strict', got: 2 } });
    expect(resultIn(answered).receipt.replicas.at(-1)).toEqual({
      replica: 'a',
      role: 'fallback',
      hintFor: 'c',
      answer: 'pending',
    });
    expect(answered.at(-1)).toEqual(hint('a', 'c'));
    expect(operation.hintFailed('a', 'c', 'refused', 'full', 103)).toEqual([]);
  });

  it('has the coordinator keep what nobody acknowledged by the deadline', () => {
    const { operation } = started({ sloppy: false, needed: 2 });
    operation.acknowledge('b', mine, 101);
    expect(operation.late()).toEqual([]);
    const effects = operation.expire();
    expect(resultIn(effects)).toMatchObject({ outcome: 'unknown', reason: 'deadline' });
    expect(effects.slice(1)).toEqual([hint('a', 'a'), hint('a', 'c')]);
    expect(operation.over).toBe(true);
  });
});

/** One run of a small write: each server does something, replies come in any order, and time passes at any moment. */
class SmallRun {
  readonly answers: WriteResult[] = [];
  readonly durable = new Set<string>();
  readonly provided = new Set<string>();
  readonly maybeStored = new Set<string>();
  readonly operation: WriteOperation;
  readonly #plan: ReplicaPlan;
  readonly #choose: Choose;
  readonly #replies: (() => WriteEffect[])[] = [];
  #lateLeft = true;

  constructor(plan: ReplicaPlan, choose: Choose) {
    this.#plan = plan;
    this.#choose = choose;
    this.operation = new WriteOperation(plan, mine, 0);
    this.#run(this.operation.start());
    while (!this.operation.over) this.#step();
  }

  #step(): void {
    const moves = this.#replies.map((_, index) => () => this.#run(this.#replies.splice(index, 1)[0]!()));
    if (this.#lateLeft) {
      moves.push(() => {
        this.#lateLeft = false;
        this.#run(this.operation.late());
      });
    } else if (moves.length === 0) {
      moves.push(() => this.#run(this.operation.expire()));
    }
    moves[this.#choose(moves.length)]!();
  }

  #run(effects: readonly WriteEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'answer') this.#answered(effect.result);
      else if (effect.type === 'send') this.#ask(effect.to, effect.to);
      else this.#askToKeep(effect.to, effect.intendedOwner);
    }
  }

  #ask(server: string, owner: string): void {
    this.#meet(
      server,
      owner,
      () => this.operation.acknowledge(server, mine, 0),
      (answer) => this.operation.fail(server, answer, 'by-test', 0),
    );
  }

  #askToKeep(server: string, owner: string): void {
    if (this.answers.length > 0 && server === this.#plan.coordinator) this.provided.add(owner);
    this.#meet(
      server,
      owner,
      () => this.operation.hinted(server, owner, mine, 0),
      (answer) => this.operation.hintFailed(server, owner, answer, 'by-test', 0),
    );
  }

  /** Stored and acknowledged, refused, cut off before it was stored or after, or silent. */
  #meet(
    server: string,
    owner: string,
    acknowledge: () => WriteEffect[],
    fail: (answer: 'refused' | 'unreachable') => WriteEffect[],
  ): void {
    const fate = this.#choose(4);
    if (fate === 0) {
      this.maybeStored.add(server);
      this.#replies.push(() => {
        this.durable.add(server);
        this.provided.add(owner);
        return acknowledge();
      });
    } else if (fate === 1) {
      this.#replies.push(() => fail('refused'));
    } else if (fate === 2) {
      this.maybeStored.add(server);
      this.#replies.push(() => fail('unreachable'));
    }
  }

  #answered(result: WriteResult): void {
    this.answers.push(result);
    const { outcome, reason, receipt } = result;
    const { needed, replicas } = this.#plan;
    const isRefusedBefore = outcome === 'rejected' && reason === 'too-few-replicas';
    if (!isRefusedBefore) expect(receipt.got).toBe(this.durable.size);
    if (outcome === 'applied') expect(this.durable.size).toBe(needed);
    else expect(this.durable.size).toBeLessThan(needed);
    if (outcome === 'rejected') expect(this.maybeStored.size).toBe(0);
    const owners = replicas.filter((owner) => this.durable.has(owner)).length;
    expect(receipt.mode).toBe(owners < needed && this.durable.size > owners ? 'sloppy' : 'strict');
  }
}

describe('every schedule of small writes', () => {
  const cases = [
    { n: 1, fallbacks: [0, 1, 2], downs: ['', 'a'] },
    { n: 2, fallbacks: [0, 1], downs: ['', 'a', 'b', 'ab'] },
  ].flatMap(({ n, fallbacks: counts, downs }) =>
    counts.flatMap((fallbacks) =>
      downs.flatMap((down) => [true, false].map((sloppy) => ({ n, fallbacks, down, sloppy }))),
    ),
  );

  it.each(cases)('N=$n, $fallbacks fallbacks, down: "$down", sloppy: $sloppy', ({ n, fallbacks, down, sloppy }) => {
    for (let needed = 1; needed <= n; needed += 1) {
      const plan: ReplicaPlan = {
        replicas: ['a', 'b'].slice(0, n),
        needed,
        epoch: 1,
        down: [...down],
        sloppy,
        fallbacks: ['x', 'y'].slice(0, fallbacks),
        coordinator: 'a',
      };
      explore((choose) => {
        const run = new SmallRun(plan, choose);
        expect(run.answers).toHaveLength(1);
        if (run.answers[0]!.outcome === 'rejected') return;
        expect([...run.provided].sort()).toEqual([...plan.replicas]);
      });
    }
  });
});
