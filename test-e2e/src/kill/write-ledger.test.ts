import { describe, expect, it } from 'vitest';
import { valueOf, WriteLedger } from './write-ledger.ts';

describe('WriteLedger', () => {
  const ledger = new WriteLedger();
  ledger.acknowledge('a', 1);
  ledger.acknowledge('a', 2);

  it('accepts the last acknowledged write and a later one that was left open', () => {
    expect(ledger.check('a', valueOf('a', 2, 100))).toBeUndefined();
    expect(ledger.check('a', valueOf('a', 3, 100))).toBeUndefined();
  });

  it('reports an older value, an absent one, another key’s and a damaged one', () => {
    expect(ledger.check('a', valueOf('a', 1, 100))).toMatchObject({ key: 'a', acknowledged: 2 });
    expect(ledger.check('a', undefined)).toMatchObject({ read: undefined });
    expect(ledger.check('a', valueOf('b', 2, 100))).toBeDefined();
    expect(ledger.check('a', `${valueOf('a', 2, 100).slice(0, -1)}X`)).toBeDefined();
  });

  it('knows nothing of keys that were never acknowledged', () => {
    expect(ledger.check('b', undefined)).toBeUndefined();
    expect(ledger.acknowledgements).toBe(2);
  });
});
