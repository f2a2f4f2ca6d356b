import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageAgainst, compareStates, isMemberStatus, type MemberState, mergeStates } from './member-state.ts';

/** Few distinct values, so that equal versions with different contents come up all the time. */
const anyState: fc.Arbitrary<MemberState> = fc.record({
  id: fc.constant('a'),
  generation: fc.integer({ min: 1, max: 3 }),
  heartbeat: fc.integer({ min: 0, max: 3 }),
  status: fc.constantFrom('joining', 'normal', 'leaving', 'left'),
  address: fc.constantFrom('a:1', 'a:2'),
});

function state(generation: number, heartbeat: number, status: MemberState['status'] = 'normal'): MemberState {
  return { id: 'a', generation, heartbeat, status, address: 'a:1' };
}

describe('merging the states of one member', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(anyState, anyState, (a, b) => {
        expect(mergeStates(a, b)).toEqual(mergeStates(b, a));
      }),
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(anyState, anyState, anyState, (a, b, c) => {
        expect(mergeStates(mergeStates(a, b), c)).toEqual(mergeStates(a, mergeStates(b, c)));
      }),
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(anyState, anyState, (a, b) => {
        const merged = mergeStates(a, b);
        expect(mergeStates(merged, a)).toEqual(merged);
        expect(mergeStates(merged, merged)).toEqual(merged);
      }),
    );
  });

  it('calls two states equal only if they are', () => {
    fc.assert(
      fc.property(anyState, anyState, (a, b) => {
        expect(compareStates(a, b) === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(Math.sign(compareStates(a, b)) + Math.sign(compareStates(b, a))).toBe(0);
      }),
    );
  });

  it('keeps the higher generation, then the higher heartbeat', () => {
    expect(mergeStates(state(2, 0), state(1, 99))).toEqual(state(2, 0));
    expect(mergeStates(state(1, 98), state(1, 99))).toEqual(state(1, 99));
  });

  it('lets nothing in the same generation undo having left', () => {
    expect(mergeStates(state(1, 99, 'normal'), state(1, 5, 'left'))).toEqual(state(1, 5, 'left'));
    expect(mergeStates(state(2, 0, 'joining'), state(1, 5, 'left'))).toEqual(state(2, 0, 'joining'));
  });
});

describe('the age of a state against a version', () => {
  it.each([
    [state(2, 0), 1, 9, 'newer'],
    [state(1, 9), 2, 0, 'older'],
    [state(1, 5), 1, 4, 'newer'],
    [state(1, 5), 1, 5, 'same'],
    [state(1, 5), 1, 6, 'older'],
    [state(1, 5, 'left'), 1, 6, 'newer'],
    [state(1, 5, 'left'), 1, 5, 'same'],
    [state(1, 5, 'left'), 2, 0, 'older'],
  ] as const)('%j against generation %i, heartbeat %i is %s', (held, generation, heartbeat, age) => {
    expect(ageAgainst(held, { id: 'a', generation, heartbeat })).toBe(age);
  });
});

describe('isMemberStatus', () => {
  it('knows four statuses and no name of an inherited property', () => {
    expect(['joining', 'normal', 'leaving', 'left'].every(isMemberStatus)).toBe(true);
    expect(['constructor', '__proto__', 'toString', 'LEFT', '', 0, null, ['left']].some(isMemberStatus)).toBe(false);
  });
});
