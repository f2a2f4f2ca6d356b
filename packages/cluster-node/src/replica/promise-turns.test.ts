import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../testing/virtual-time.ts';
import { PromiseTurns } from './promise-turns.ts';

const never = Number.POSITIVE_INFINITY;

function started() {
  const time = new VirtualTime();
  const turns = new PromiseTurns({ clock: time, timers: time });
  const served: string[] = [];
  /** A proposer that gets a promise when it is served, or none when it is outbid. */
  const enter = (name: string, { key = 'k', deadline = never, outbid = false } = {}): void =>
    turns.enter(key, deadline, () => {
      served.push(name);
      if (!outbid) turns.began(key);
    });
  return { time, turns, served, enter };
}

describe('turns at an acceptor', () => {
  it('let the next proposer come when the one before has had its value accepted, in the order of their coming', () => {
    const { turns, served, enter } = started();
    for (const name of ['a', 'b', 'c']) enter(name);
    enter('x', { key: 'other' });
    expect(served).toEqual(['a', 'x']);
    turns.accepted('k');
    expect(served).toEqual(['a', 'x', 'b']);
    turns.accepted('k');
    turns.accepted('k');
    enter('d');
    expect(served).toEqual(['a', 'x', 'b', 'c', 'd']);
  });

  it('end by themselves when the proposer does not come back, soon where operations are fast', () => {
    const { time, served, enter } = started();
    enter('gone');
    enter('next');
    time.advance(19);
    expect(served).toEqual(['gone']);
    time.advance(2);
    expect(served).toEqual(['gone', 'next']);
  });

  it('wait longer where operations take longer', () => {
    const { time, turns, served, enter } = started();
    for (let round = 0; round < 40; round += 1) {
      enter(`${round}`);
      time.advance(15);
      turns.accepted('k');
    }
    enter('slow');
    enter('next');
    time.advance(55);
    expect(served.at(-1)).toBe('slow');
    time.advance(10);
    expect(served.at(-1)).toBe('next');
  });

  it('pass over those that are outbid or that nobody waits for any more', () => {
    const { time, turns, served, enter } = started();
    enter('a');
    enter('outbid', { outbid: true });
    enter('late', { deadline: 5 });
    enter('b');
    enter('c');
    time.advance(10);
    turns.accepted('k');
    expect(served).toEqual(['a', 'outbid', 'b']);
  });

  it('are not waited for where too many wait already', () => {
    const { served, enter } = started();
    for (let count = 0; count < 66; count += 1) enter(`${count}`);
    expect(served).toEqual(['0', '65']);
  });
});
