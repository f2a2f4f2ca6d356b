import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeIdAt, changeIdMs } from './change-id.ts';

const ms = fc.nat({ max: 2 ** 48 - 1 });
const digits = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 19, maxLength: 19 })
  .map((all) => all.join(''));

describe('the id of a change', () => {
  it('is a UUID of version 7', () => {
    // The time of the example of RFC 9562, appendix A.6.
    const id = changeIdAt(0x017f22e279b0, 'cc318c4dc0c0c07398f');
    expect(id).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('tells its time, and is in the order of times', () => {
    fc.assert(
      fc.property(ms, digits, ms, digits, (a, someDigits, b, otherDigits) => {
        const [one, other] = [changeIdAt(a, someDigits), changeIdAt(b, otherDigits)];
        expect([changeIdMs(one), changeIdMs(other)]).toEqual([a, b]);
        if (a !== b) expect(one < other).toBe(a < b);
      }),
    );
  });

  it('is not any UUID', () => {
    for (const id of ['017f22e2-79b0-4cc3-98c4-dc0c0c07398f', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F', '', 'x']) {
      expect(changeIdMs(id)).toBeUndefined();
    }
  });
});
