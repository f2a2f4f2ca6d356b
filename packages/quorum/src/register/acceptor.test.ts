import { describe, expect, it } from 'vitest';
import { accept, type AcceptorState, emptyAcceptor, prepare } from './acceptor.ts';
import type { Ballot } from './ballot.ts';

const ballot = (counter: number, proposer = 'p'): Ballot => ({ counter, proposer });

describe('an acceptor', () => {
  it('promises to a higher ballot and tells what it accepted; to a lower one it says what it promised', () => {
    const taken = accept<string>(emptyAcceptor, ballot(2), 'two').state;
    expect(prepare(taken, ballot(3))).toEqual({
      state: { promised: ballot(3), accepted: { ballot: ballot(2), value: 'two' } },
      reply: { type: 'promised', accepted: { ballot: ballot(2), value: 'two' } },
    });
    expect(prepare(taken, ballot(1, 'q'))).toEqual({ state: taken, reply: { type: 'outbid', promised: ballot(2) } });
    expect(prepare(taken, ballot(2, 'o')).reply.type).toBe('outbid');
    expect(prepare(taken, ballot(2, 'q')).reply.type).toBe('promised');
  });

  it('accepts under what it promised and above, and nothing below', () => {
    const promised: AcceptorState<string> = prepare<string>(emptyAcceptor, ballot(5)).state;
    expect(accept(promised, ballot(4), 'late')).toEqual({
      state: promised,
      reply: { type: 'outbid', promised: ballot(5) },
    });
    expect(accept(promised, ballot(5), 'five').state.accepted?.value).toBe('five');
    const above = accept(promised, ballot(6), 'six').state;
    expect(above.promised).toEqual(ballot(6));
    expect(prepare(above, ballot(5, 'q')).reply.type).toBe('outbid');
  });

  it('has nothing to write for a request that it has served before', () => {
    const promised = prepare<string>(emptyAcceptor, ballot(1)).state;
    expect(prepare(promised, ballot(1)).state).toBe(promised);
    const accepted = accept(promised, ballot(1), 'one').state;
    expect(accept(accepted, ballot(1), 'one')).toEqual({ state: accepted, reply: { type: 'accepted' } });
    expect(accept(accepted, ballot(1), 'one').state).toBe(accepted);
  });
});
