import { describe, expect, it } from 'vitest';
import { KeyQueues } from './key-queues.ts';

describe('the queues of keys', () => {
  function started(limits = { perKey: 2, bytes: 10 }) {
    const queues = new KeyQueues(limits);
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const add = (key: string, name: string, bytes = 1): boolean => {
      if (!queues.hasRoom(key, bytes)) return false;
      const run = (ended: () => void): void => {
        begun.push(name);
        ends.set(name, ended);
      };
      queues.add(key, { bytes, run });
      return true;
    };
    return { add, begun, end: (name: string) => ends.get(name)?.() };
  }

  it('run one task of a key at a time, in their order, and those of other keys beside it', () => {
    const { add, begun, end } = started();
    expect([add('a', 'a1'), add('a', 'a2'), add('b', 'b1'), add('a', 'a3')]).toEqual([true, true, true, true]);
    expect(begun).toEqual(['a1', 'b1']);
    end('a1');
    end('a1');
    expect(begun).toEqual(['a1', 'b1', 'a2']);
    end('a2');
    end('a3');
    add('a', 'a4');
    expect(begun).toEqual(['a1', 'b1', 'a2', 'a3', 'a4']);
  });

  it('have room for so many of a key and so many bytes, and have it again when tasks end', () => {
    const { add, end } = started();
    expect([add('a', '1', 99), add('a', '2', 6), add('a', '3', 5), add('a', '4', 4), add('a', '5', 0)]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect([add('b', '6', 99), add('b', '7', 1)]).toEqual([true, false]);
    end('1');
    expect([add('b', '7', 1), add('a', '8', 6), add('a', '9', 1)]).toEqual([true, false, true]);
  });
});
