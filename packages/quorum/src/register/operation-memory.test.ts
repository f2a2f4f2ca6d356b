import { describe, expect, it } from 'vitest';
import type { Version } from '../version.ts';
import { noOperations, type OperationMemory, recall, remember } from './operation-memory.ts';

const id = (ms: number, actor = 'a'): Version => ({ ms, counter: 0, actor: actor.repeat(32) });

describe('the memory of operations', () => {
  it('knows the result of what was done, and that the rest was not', () => {
    const memory = remember<string>(noOperations, id(5), 'five', 2);
    expect(recall(memory, id(5))).toEqual({ kind: 'done', result: 'five' });
    expect(recall(memory, id(5, 'b'))).toEqual({ kind: 'new' });
    expect(recall(memory, id(4))).toEqual({ kind: 'new' });
  });

  it('does not claim to know what it forgot, nor anything stamped before that', () => {
    let memory: OperationMemory<number> = noOperations;
    for (const ms of [7, 3, 8, 9]) memory = remember(memory, id(ms), ms, 2);
    expect(memory.recent.map(({ result }) => result)).toEqual([8, 9]);
    expect([3, 6, 7].map((ms) => recall(memory, id(ms)).kind)).toEqual(['forgotten', 'forgotten', 'forgotten']);
    expect([8, 10].map((ms) => recall(memory, id(ms)).kind)).toEqual(['done', 'new']);
    expect(recall(memory, id(8, 'b')).kind).toBe('new');
  });
});
