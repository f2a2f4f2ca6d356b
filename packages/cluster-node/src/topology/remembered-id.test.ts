import { changeIdAt, changeIdMs, type KeyspaceChange } from '@kv/wire';
import { describe, expect, it } from 'vitest';
import { rememberedId } from './remembered-id.ts';

const id = changeIdAt(1000, '0123456789abcdef012');
const change: KeyspaceChange = { kind: 'alter', name: 'orders', settings: { ttlMs: 5, sloppy: false } };

describe('the id under which a change is remembered', () => {
  it('has the time of its own, and is the same for the same change, however it was written', () => {
    const again: KeyspaceChange = { settings: { sloppy: false, ttlMs: 5 }, name: 'orders', kind: 'alter' };
    expect(rememberedId(id, 1000, again)).toBe(rememberedId(id, 1000, change));
    expect(changeIdMs(rememberedId(id, 1000, change))).toBe(1000);
  });

  it('is another one under another id, and for another change', () => {
    const other: KeyspaceChange = { ...change, settings: { ttlMs: 6, sloppy: false } };
    const ids = [id, changeIdAt(1000, '0123456789abcdef013')].flatMap((each) =>
      [change, other].map((asked) => rememberedId(each, 1000, asked)),
    );
    expect(new Set(ids).size).toBe(4);
  });
});
