import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addOnce, type Observation, RegisterRun, type RegisterRunOptions } from '../testing/register-model.ts';
import { recall } from './operation-memory.ts';
import { RegisterOperation } from './register-operation.ts';
import { RegisterRead } from './register-read.ts';
import { Voters } from './voters.ts';

/** Mulberry32 (Tommy Ettinger, public domain). */
function seeded(seed: number): { next(): number } {
  let state = seed | 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

const voters = fc.constantFrom(
  new Voters(['a', 'b', 'c']),
  new Voters(['a', 'b', 'c', 'd', 'e']),
  new Voters(['a', 'b', 'c'], ['b', 'c', 'd', 'e']),
  new Voters(['a']),
);

/**
 * What makes the history of a counter linearizable: no two additions came to the same count, and whatever ended before
 * something else began had a lower one, or for a read no higher one.
 */
function faults(observations: readonly Observation[]): string[] {
  const done = observations.filter(({ outcome }) => outcome === 'done');
  const found: string[] = [];
  for (const before of done) {
    for (const after of done) {
      const distinct = before === after || before.kind === 'read' || after.kind === 'read';
      if (!distinct && before.count === after.count) found.push(`two additions came to ${before.count}`);
      if (before.ended >= after.began) continue;
      const inOrder = after.kind === 'add' ? before.count < after.count : before.count <= after.count;
      if (!inOrder) found.push(`${after.kind} came to ${after.count} behind ${before.kind} of ${before.count}`);
    }
  }
  return found;
}

function played(seed: number, options: Partial<RegisterRunOptions>): RegisterRun {
  const run = new RegisterRun({
    voters: new Voters(['a', 'b', 'c']),
    operations: 12,
    trouble: 0.15,
    random: seeded(seed),
    ...options,
  });
  run.run();
  return run;
}

describe('a register (CASPaxos)', () => {
  it('is linearizable whatever the network does, and does no operation twice or after saying that it was not done', () => {
    let done = 0;
    fc.assert(
      fc.property(fc.integer(), voters, fc.constantFrom(0, 0.05, 0.15, 0.3), (seed, sets, trouble) => {
        const run = played(seed, { voters: sets, trouble });
        expect(faults(run.observations)).toEqual([]);
        const settled = run.settled();
        for (const { kind, id, outcome, count } of run.observations) {
          if (outcome === 'done') done += 1;
          if (trouble === 0) expect(outcome).toBe('done');
          if (kind === 'read' || settled === undefined) continue;
          const known = recall(settled.memory, id);
          if (outcome === 'done') expect(known).toEqual({ kind: 'done', result: count });
          if (outcome === 'unavailable') expect(known.kind).toBe('new');
        }
        expect(settled?.count ?? 0).toBe(settled?.memory.recent.length ?? 0);
      }),
      { numRuns: 400 },
    );
    expect(done).toBeGreaterThan(400);
  });

  it('would be caught by this test if a change did not look whether it was made before', () => {
    const twice: RegisterRunOptions['change'] = (id) => (current) => {
      const { next, result } = addOnce(id)(current && { ...current, memory: { recent: [], forgotten: undefined } });
      return next === undefined ? { result } : { next, result };
    };
    const counts = Array.from({ length: 60 }, (_, seed) => {
      const run = played(seed, { change: twice, trouble: 0 });
      const additions = run.observations.filter(({ kind }) => kind === 'add').length;
      return faults(run.observations).length > 0 || (run.settled()?.count ?? 0) > additions;
    });
    expect(counts).toContain(true);
  });

  it('makes progress though all propose at once', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const run = played(seed, { operations: 20, trouble: 0 });
      expect(run.observations.filter(({ outcome }) => outcome === 'done')).toHaveLength(20);
    }
  });
});

describe('a register operation', () => {
  const make = (change = addOnce({ ms: 1, counter: 0, actor: '0'.repeat(32) })) =>
    new RegisterOperation(new Voters(['a', 'b', 'c']), change, { proposer: 'p', random: { next: () => 0.5 } });
  const first = { counter: 1, proposer: 'p' };

  it('begins above the ballot that it is told of', () => {
    const operation = new RegisterOperation<number, number>(new Voters(['a']), () => ({ result: 1 }), {
      proposer: 'p',
      random: { next: () => 0 },
      above: () => ({ counter: 7, proposer: 'x' }),
    });
    const [effect] = operation.start();
    expect(effect?.type === 'send' && effect.request.ballot.counter).toBeGreaterThan(7);
  });

  it('is unavailable, and so certain, when it gave up before anyone was asked to accept', () => {
    const operation = make();
    const [effect] = operation.start();
    const ballot = effect?.type === 'send' ? effect.request.ballot : first;
    expect(operation.fail('a', ballot)).toEqual([]);
    expect(operation.fail('a', ballot)).toEqual([]);
    const answer = { outcome: 'unavailable', reason: 'too-few-voters' };
    expect(operation.fail('b', ballot)).toEqual([{ type: 'answer', result: answer }]);
    expect([operation.answered, operation.expire(), operation.start()]).toEqual([true, [], []]);
  });

  it('is unknown when it gave up later', () => {
    const operation = make();
    const [effect] = operation.start();
    const ballot = effect?.type === 'send' ? effect.request.ballot : first;
    operation.receive('a', ballot, { type: 'promised', accepted: undefined });
    expect(operation.receive('b', ballot, { type: 'promised', accepted: undefined })).toHaveLength(3);
    const answer = { outcome: 'unknown', reason: 'deadline' };
    expect(operation.expire()).toEqual([{ type: 'answer', result: answer }]);
  });

  it('pauses when it was outbid, longer each time, and then bids more', () => {
    const operation = make();
    let [effect] = operation.start();
    const pauses: number[] = [];
    for (let counter = 10; counter <= 40; counter += 10) {
      const ballot = effect?.type === 'send' ? effect.request.ballot : first;
      const [pause] = operation.receive('a', ballot, { type: 'outbid', promised: { counter, proposer: 'q' } });
      if (pause?.type !== 'pause') throw new Error('a pause was expected');
      pauses.push(pause.milliseconds);
      expect(operation.wake(pause.attempt + 1)).toEqual([]);
      [effect] = operation.wake(pause.attempt);
      expect(effect?.type === 'send' && effect.request.ballot).toEqual({ counter: counter + 1, proposer: 'p' });
    }
    expect(pauses).toEqual([4, 8, 16, 32]);
  });

  it('asks nobody to accept nothing: a register that has never had a value and gets none', () => {
    const operation = new RegisterOperation<number, string>(new Voters(['a']), () => ({ result: 'empty' }), {
      proposer: 'p',
      random: { next: () => 0 },
    });
    const [effect] = operation.start();
    const ballot = effect?.type === 'send' ? effect.request.ballot : first;
    expect(operation.receive('a', ballot, { type: 'promised', accepted: undefined })).toEqual([
      { type: 'answer', result: { outcome: 'done', result: 'empty', value: undefined, ballot: undefined } },
    ]);
  });
});

describe('a register operation that was outbid after it had proposed', () => {
  const to = (counter: number) => ({ counter, proposer: 'p' });

  it('is unknown where nothing is there to rule its proposal out with, for it may be found and finished later', () => {
    // Of a value that only one voter holds, never chosen, it makes another; the next attempt meets voters who know none.
    const operation = new RegisterOperation<number, string>(
      new Voters(['a', 'b', 'c']),
      (current) => (current === undefined ? { result: 'conflict' } : { next: current + 1, result: 'added' }),
      { proposer: 'p', random: { next: () => 0 } },
    );
    operation.start();
    operation.receive('c', to(1), { type: 'promised', accepted: { ballot: { counter: 0, proposer: 'q' }, value: 6 } });
    const asked = operation.receive('a', to(1), { type: 'promised', accepted: undefined });
    expect(asked[0]).toMatchObject({ type: 'send', request: { type: 'accept', value: 7 } });
    operation.receive('a', to(1), { type: 'outbid', promised: { counter: 2, proposer: 'q' } });
    operation.wake(1);
    operation.receive('a', to(3), { type: 'promised', accepted: undefined });
    const [answer] = operation.receive('b', to(3), { type: 'promised', accepted: undefined });
    expect(answer).toEqual({ type: 'answer', result: { outcome: 'unknown', reason: 'outbid' } });
  });
});

describe('a read of a register', () => {
  const told = (counter: number) => ({ accepted: { ballot: { counter, proposer: 'p' } } });
  const ask = (to: string) => [{ type: 'query', to, want: 'value' }];

  it('asks one voter for the value and the others for their ballots, and waits for the value when they agree', () => {
    const read = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    expect(read.start().map((effect) => effect.type === 'query' && effect.want)).toEqual(['value', 'ballot', 'ballot']);
    expect([read.receive('b', told(2)), read.receive('c', told(2))]).toEqual([[], []]);
    expect(read.receive('a', accepted(2))).toMatchObject([{ result: { outcome: 'done', accepted: { value: 2 } } }]);
  });

  it('asks another holder when the value does not come, or is not the one agreed on', () => {
    for (const late of ['slow', 'lost', 'older'] as const) {
      const read = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
      read.start();
      if (late === 'older') read.receive('a', accepted(1));
      read.receive('b', told(2));
      const effects = read.receive('c', told(2));
      if (late === 'slow') expect(read.standIn()).toEqual(ask('b'));
      if (late === 'lost') expect(read.fail('a')).toEqual(ask('b'));
      if (late === 'older') expect(effects).toEqual(ask('b'));
      expect(read.standIn()).toEqual(ask('c'));
      expect(read.standIn()).toEqual([]);
      expect(read.receive('c', accepted(2))).toMatchObject([{ result: { outcome: 'done', accepted: { value: 2 } } }]);
    }
  });

  it('does not wait for one that is slow when a majority has answered and does not agree', () => {
    const read = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    read.start();
    read.receive('a', accepted(2));
    expect(read.late()).toEqual([]);
    expect(read.receive('b', told(1))).toEqual([{ type: 'answer', result: { outcome: 'undecided' } }]);
    expect(read.late()).toEqual([]);
    const other = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    other.start();
    other.receive('a', accepted(2));
    expect(other.receive('b', told(1))).toEqual([]);
    expect(other.standIn(), 'nobody else could say more').toEqual([]);
    expect(other.late()).toEqual([{ type: 'answer', result: { outcome: 'undecided' } }]);
  });

  it('still waits, however late, for the value that a majority has agreed on', () => {
    const read = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    read.start();
    read.receive('b', told(2));
    expect(read.receive('c', told(2))).toEqual([]);
    expect(read.late()).toEqual([]);
    expect(read.receive('a', accepted(2))).toMatchObject([{ result: { outcome: 'done', accepted: { value: 2 } } }]);
  });

  it('is undecided when those who could tell the value have gone on, or are gone', () => {
    const read = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    read.start();
    read.receive('b', told(2));
    read.receive('c', told(2));
    expect(read.fail('a')).toEqual(ask('b'));
    expect(read.fail('b')).toEqual(ask('c'));
    expect(read.receive('c', accepted(3))).toEqual([{ type: 'answer', result: { outcome: 'undecided' } }]);
  });

  const accepted = (counter: number) => {
    const ballot = { counter, proposer: 'p' };
    return { promised: ballot, accepted: { ballot, value: counter } };
  };

  it('takes one round when a majority holds the same ballot, whatever else it has promised', () => {
    const read = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    expect(read.start()).toHaveLength(3);
    expect(read.receive('a', accepted(2))).toEqual([]);
    expect(read.receive('b', accepted(1))).toEqual([]);
    const promised = { counter: 9, proposer: 'q' };
    const [answer] = read.receive('c', { ...accepted(2), promised });
    expect(answer).toEqual({ type: 'answer', result: { outcome: 'done', accepted: accepted(2).accepted } });
  });

  it('is undecided as soon as nobody can have a majority any more, and unavailable without one', () => {
    const differing = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    differing.receive('a', accepted(2));
    differing.receive('b', accepted(1));
    expect(differing.fail('c')).toEqual([{ type: 'answer', result: { outcome: 'undecided' } }]);
    const alone = new RegisterRead<number>(new Voters(['a', 'b', 'c']));
    alone.receive('a', accepted(2));
    expect(alone.fail('b')).toEqual([]);
    const result = { outcome: 'unavailable', reason: 'too-few-voters' };
    expect(alone.fail('c')).toEqual([{ type: 'answer', result }]);
    expect([alone.answered, alone.expire(), alone.start(), alone.receive('b', accepted(2))]).toEqual([
      true,
      [],
      [],
      [],
    ]);
  });
});
