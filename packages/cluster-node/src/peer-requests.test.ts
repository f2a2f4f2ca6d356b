import { HybridLogicalClock } from '@kv/quorum';
import { decodeFrame, type Message } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { PeerRequests } from './peer-requests.ts';
import { VirtualTime } from './testing/virtual-time.ts';

const question: Message = { type: 'topology-request' };
const answer: Message = { type: 'replica-read-reply', found: 'absent' };

describe('PeerRequests', () => {
  let time: VirtualTime;
  let sent: { to: string; address: string; frame: Uint8Array }[];
  let ended: string[];
  let peers: PeerRequests;
  let queued: number;

  beforeEach(() => {
    time = new VirtualTime();
    sent = [];
    ended = [];
    queued = 0;
    peers = new PeerRequests({
      transport: {
        queuedBytes: (to) => (to === 'slow' ? queued : 0),
        send: (to, address, frame) => sent.push({ to, address, frame }),
      },
      clock: time,
      random: { next: () => 0.999_999_999_9 },
      hlc: new HybridLogicalClock({ ms: 5, counter: 6 }),
      addressOf: (member) => `${member}:1`,
      epoch: () => 9,
      options: { peerQueueBytes: 100 },
    });
  });

  function ask(to: string, deadline = 1000): number {
    peers.ask({
      to,
      keyspaceId: 3,
      message: question,
      deadline,
      answered: (message) => ended.push(`${to} ${message.type}`),
      failed: (failure, reason) => ended.push(`${to} ${failure} ${reason}`),
    });
    return decodeFrame(sent.at(-1)!.frame).header.operationId;
  }

  it('says epoch, keyspace, remaining time and clock in every frame', () => {
    time.advance(400);
    const operationId = ask('a');
    expect(sent).toMatchObject([{ to: 'a', address: 'a:1' }]);
    expect(decodeFrame(sent[0]!.frame)).toEqual({
      header: { operationId, keyspaceId: 3, epoch: 9, deadlineMs: 600, stamp: { ms: time.wallMs(), counter: 0 } },
      message: question,
    });
  });

  it('gives each answer to the one who asked, once, and only from the one who was asked', () => {
    const first = ask('a');
    const second = ask('b');
    expect(first).not.toBe(second);
    expect(peers.answer('b', first, answer)).toBe(false);
    expect(peers.answer('b', second, answer)).toBe(true);
    expect(peers.answer('b', second, answer)).toBe(false);
    expect(ended).toEqual(['b replica-read-reply']);
    expect(peers.pending).toBe(1);
  });

  it('tells a refusal, which did nothing, from an error after which anything is possible', () => {
    const refused = ask('a');
    const broken = ask('b');
    peers.answer('a', refused, { type: 'error', code: 'NOT_READY', message: '' });
    peers.answer('b', broken, { type: 'error', code: 'STORAGE_FAILED', message: '' });
    expect(ended).toEqual(['a refused NOT_READY', 'b unreachable STORAGE_FAILED']);
  });

  it('finds full who has more to be sent than may wait', () => {
    queued = 100;
    expect(peers.isFull('slow')).toBe(false);
    queued = 101;
    expect(peers.isFull('slow')).toBe(true);
    expect(peers.isFull('a')).toBe(false);
  });

  it('ends what was asked of a member whose link is lost, and what is past its deadline', () => {
    ask('a');
    ask('b');
    ask('b', 2000);
    peers.linkLost('a');
    peers.sweep(1500);
    expect(ended).toEqual(['a unreachable LINK_LOST', 'b unreachable DEADLINE']);
    expect(peers.pending).toBe(1);
  });
});
