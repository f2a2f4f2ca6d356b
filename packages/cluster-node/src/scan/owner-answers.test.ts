import { noRepairs } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import { OwnerAnswers } from './owner-answers.ts';

const plan = { replicas: ['a', 'b', 'c'], needed: 2, epoch: 4 };
const started = (needed = 2) => {
  const answers = new OwnerAnswers<string>({ ...plan, needed }, 'value', 100);
  return { answers, asked: answers.start() };
};
const ask = (owner: string, want: 'value' | 'version' = 'value') => ({ type: 'ask', owner, want });

describe('the answers of R owners', () => {
  it('are asked of the nearest, values of the first of them alone', () => {
    expect(started().asked).toEqual([ask('a'), ask('b', 'version')]);
    expect(started(1).asked).toEqual([ask('a')]);
  });

  it('are enough when R have come, once', () => {
    const { answers } = started();
    expect(answers.receive('b', 'B', 110)).toEqual([]);
    expect(answers.receive('a', 'A', 120)).toEqual([{ type: 'enough', answers: ['B', 'A'] }]);
    expect(answers.receive('a', 'A', 130)).toEqual([]);
    expect([answers.standIn(), answers.expire(), answers.fail('b', 'refused', 'X', 1)]).toEqual([[], [], []]);
  });

  it('come from the next owner when one fails or is slow, who is asked for values', () => {
    const { answers } = started();
    expect(answers.fail('a', 'refused', 'NOT_READY', 110)).toEqual([ask('c')]);
    expect(answers.standIn()).toEqual([]);
    answers.receive('b', 'B', 120);
    expect(answers.receive('c', 'C', 130)).toEqual([{ type: 'enough', answers: ['B', 'C'] }]);
    const slow = started().answers;
    expect(slow.standIn()).toEqual([ask('c')]);
    expect(slow.standIn()).toEqual([]);
    expect(slow.fail('a', 'unreachable', 'LINK_LOST', 110)).toEqual([]);
  });

  it('are too few when R owners cannot answer any more, or have not by the deadline: the receipt tells who', () => {
    const { answers } = started();
    answers.receive('b', 'B', 105);
    answers.fail('a', 'refused', 'NOT_READY', 110);
    const receipt = {
      mode: 'strict',
      epoch: 4,
      needed: 2,
      got: 1,
      repairs: noRepairs,
      replicas: [
        { replica: 'a', role: 'primary', answer: 'refused', reason: 'NOT_READY', latencyMs: 10 },
        { replica: 'b', role: 'primary', answer: 'held', latencyMs: 5 },
        { replica: 'c', role: 'primary', answer: 'unreachable', reason: 'LINK_LOST', latencyMs: 20 },
      ],
    };
    expect(answers.fail('c', 'unreachable', 'LINK_LOST', 120)).toEqual([
      { type: 'too-few', outcome: 'unavailable', receipt },
    ]);
    const silent = started().answers;
    expect(silent.expire()).toMatchObject([{ outcome: 'timed-out', receipt: { got: 0 } }]);
  });

  it('are not asked for where too few owners are up: the receipt tells how many are, and who is not', () => {
    const told = new OwnerAnswers<string>({ ...plan, needed: 3, down: ['b'] }, 'value', 100).start();
    const replicas = [{ replica: 'b', role: 'primary', answer: 'down' }];
    expect(told).toMatchObject([{ outcome: 'unavailable', receipt: { needed: 3, got: 2, replicas } }]);
  });

  it('ignores who was not asked, and a failure after an answer', () => {
    const { answers } = started();
    expect(answers.receive('c', 'C', 110)).toEqual([]);
    answers.receive('a', 'A', 110);
    expect(answers.fail('a', 'unreachable', 'LINK_LOST', 120)).toEqual([]);
    expect(answers.receive('b', 'B', 130)).toEqual([{ type: 'enough', answers: ['A', 'B'] }]);
  });
});
