import { encodeRegisterMeta } from '@kv/wire';
import { describe, expect, it } from 'vitest';
import { spentRegisters } from './spent-records.ts';

const version = { ms: 1, counter: 0, actor: '0'.repeat(32) };
const ballot = { counter: 1, proposer: 'p' };

describe('a register', () => {
  it('is looked for again where it is a deletion, or a promise that nobody made use of', () => {
    const mayBe = (accepted: typeof ballot | undefined, deleted: boolean): boolean =>
      spentRegisters.mayBeSpentLater(
        encodeRegisterMeta({ version, deleted, promised: ballot, ...(accepted && { accepted }) }),
      );
    expect(mayBe(undefined, false)).toBe(true);
    expect(mayBe(ballot, true)).toBe(true);
    expect(mayBe(ballot, false)).toBe(false);
  });
});
