import type { NodeStatus } from '@kv/cluster-node';
import { describe, expect, it } from 'vitest';
import { isReady } from './readiness.ts';

function statusOf(ready: boolean, ...states: ('alive' | 'suspect' | 'down')[]): NodeStatus {
  return { ready, members: states.map((state) => ({ state })) } as unknown as NodeStatus;
}

describe('readiness', () => {
  it.each([
    ['alone', statusOf(true, 'alive'), 0, true],
    ['not serving', statusOf(false, 'alive'), 60_000, false],
    ['everybody there', statusOf(true, 'alive', 'alive', 'alive'), 0, true],
    ['one missing, early', statusOf(true, 'alive', 'alive', 'down'), 4999, false],
    ['one missing, after a while', statusOf(true, 'alive', 'alive', 'down'), 5000, true],
    ['half of them', statusOf(true, 'alive', 'down'), 60_000, false],
    ['one suspect, after a while', statusOf(true, 'alive', 'suspect', 'alive'), 5000, true],
    ['a minority', statusOf(true, 'alive', 'down', 'down'), 60_000, false],
  ])('%s', (_name, status, waitedMs, expected) => {
    expect(isReady(status, waitedMs)).toBe(expected);
  });
});
