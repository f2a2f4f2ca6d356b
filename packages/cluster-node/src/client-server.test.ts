import { setImmediate } from 'node:timers/promises';
import { changeIdAt, decodeFrame, encodeFrame, type Message } from '@kv/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxTimeoutMs } from './coordinator/request-checks.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

/** The longest that a frame can tell. */
const endlessMs = 0xffff_ffff;

let cluster: TestCluster;
let a: TestMember;

beforeEach(async () => {
  cluster = await TestCluster.start({ turn: () => setImmediate() });
  a = cluster.members[0]!;
  await cluster.elapse(500);
});
afterEach(() => cluster.close());

/** What a member answers to the frame of a client. */
function ask({ node }: TestMember, message: Message, deadlineMs: number): Message[] {
  const answers: Message[] = [];
  const header = { operationId: 1, epoch: 1, keyspaceId: 0, deadlineMs, stamp: { ms: 0, counter: 0 } };
  node?.serve(encodeFrame(header, message), (frame) => void answers.push(decodeFrame(frame).message));
  return answers;
}

/** It hears and gossips, but has no word about the topology. */
function abstain(member: TestMember): void {
  member.intercept = (frame, from) => {
    if (!decodeFrame(frame).message.type.startsWith('topology-')) member.node?.receive(from, frame);
  };
}

describe('a change of a keyspace that a frame asks for', () => {
  it('is answered within a minute, however much time the frame gives it', async () => {
    for (const voter of cluster.members.slice(1)) abstain(voter);
    const id = changeIdAt(cluster.time.wallMs(), '0123456789abcdef012');
    const change = { kind: 'create', name: 'orders', settings: {} } as const;
    const answers = ask(a, { type: 'change-keyspace', id, change }, endlessMs);
    await cluster.elapse(maxTimeoutMs - 1000);
    expect(answers).toEqual([]);
    await cluster.elapse(1100);
    expect(answers).toMatchObject([{ type: 'error', code: 'TOO_FEW_VOTERS' }]);
  });
});
