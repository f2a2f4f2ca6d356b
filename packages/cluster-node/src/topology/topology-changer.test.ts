import type { AcceptorReply } from '@kv/quorum';
import type { Message, TopologyState } from '@kv/wire';
import { expect, it } from 'vitest';
import { RequestError } from '../errors.ts';
import { VirtualTime } from '../testing/virtual-time.ts';
import { firstTopology } from './first-topology.ts';
import { TopologyChanger, type TopologyChangerDependencies, type TopologyChangeResult } from './topology-changer.ts';
import { TopologyStore } from './topology-store.ts';

const self = '00000000-0000-4000-8000-000000000001';
const first = firstTopology({
  clusterId: '00000000-0000-4000-8000-000000000000',
  partitions: 8,
  members: [{ id: self, name: 'node-1', address: 'memory:1' }],
  keyspaces: [{ id: 1, name: 'default', replicas: 1 }],
});
const lower = { counter: 1, proposer: 'other' };
const higher = { counter: 1000, proposer: 'other' };

/** A member whose one voter, itself, outbids the first value that it is asked to accept. */
function changer(time: VirtualTime): TopologyChanger {
  let accepts = 0;
  const replyTo = (message: Message): AcceptorReply<TopologyState> => {
    if (message.type === 'topology-prepare') return { type: 'promised', accepted: { ballot: lower, value: first } };
    accepts += 1;
    return accepts === 1 ? { type: 'outbid', promised: higher } : { type: 'accepted' };
  };
  const acceptor = {
    serve: (message: Message, done: (reply: Message) => void) =>
      done({ type: 'topology-reply', reply: replyTo(message) }),
  };
  const engine = { batch: () => Promise.resolve() };
  const store = new TopologyStore({ engine, failed: () => undefined } as never, first);
  const teller = {
    tell: (_: TopologyState, __: number, done: (behind: string[]) => void) => done([]),
    spread: () => undefined,
  };
  const rest = { generation: 1, clock: time, timers: time, random: { next: () => 0.5 } };
  return new TopologyChanger({ self, store, acceptor, teller, ...rest } as unknown as TopologyChangerDependencies);
}

it('a change whose own try may be what it was forgotten behind is unknown, not refused', async () => {
  for (const code of ['OPERATION_FORGOTTEN', 'KEYSPACE_EXISTS'] as const) {
    const time = new VirtualTime();
    const results: TopologyChangeResult[] = [];
    let tries = 0;
    const next = (current: TopologyState): TopologyState => {
      tries += 1;
      if (tries > 1) throw new RequestError(code, 'no');
      return { ...current, epoch: current.epoch + 1 };
    };
    changer(time).change(next, time.monotonicMs() + 1000, (result) => results.push(result));
    time.advance(100);
    expect([tries, results.map(({ outcome }) => outcome)]).toEqual([
      2,
      [code === 'OPERATION_FORGOTTEN' ? 'unknown' : 'refused'],
    ]);
  }
});
