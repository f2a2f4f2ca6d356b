import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negotiate, type Offer } from './index.ts';

const base: Offer = { lowestProtocol: 1, highestProtocol: 1, features: 0, codecs: [0] };

describe('negotiate', () => {
  it.each<[[number, number], [number, number], number | undefined]>([
    [[1, 1], [1, 1], 1],
    [[1, 3], [1, 2], 2],
    [[1, 2], [1, 3], 2],
    [[2, 4], [1, 2], 2],
    [[1, 2], [2, 4], 2],
    [[1, 9], [3, 5], 5],
    [[1, 1], [2, 3], undefined],
    [[4, 5], [1, 3], undefined],
  ])('%j with %j: protocol %s', (mine, theirs, protocol) => {
    const offer = ([lowestProtocol, highestProtocol]: [number, number]): Offer => ({
      ...base,
      lowestProtocol,
      highestProtocol,
    });
    const agree = (): number => negotiate(offer(mine), offer(theirs)).protocol;
    if (protocol !== undefined) expect(agree()).toBe(protocol);
    else expect(agree).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }) as Error);
  });

  it('names both ranges when there is no common version', () => {
    const theirs = { ...base, lowestProtocol: 2, highestProtocol: 3 };
    expect(() => negotiate(base, theirs)).toThrow(
      'needed a protocol version that both speak: 1 to 1 here, got 2 to 3 there',
    );
  });

  it('keeps the features and the codecs that both named, the highest bit included', () => {
    const mine = { ...base, features: 0xc0000005, codecs: [3, 1, 0, 1] };
    const theirs = { ...base, features: 0x80000006, codecs: [0, 2, 1] };
    expect(negotiate(mine, theirs)).toStrictEqual({ protocol: 1, features: 0x80000004, codecs: [0, 1] });
  });

  it('comes to the same at both ends', () => {
    const u8 = fc.nat({ max: 255 });
    const offer = fc.record({
      lowestProtocol: fc.nat({ max: 3 }),
      highestProtocol: fc.integer({ min: 3, max: 9 }),
      features: fc.nat({ max: 0xffffffff }),
      codecs: fc.array(u8, { maxLength: 16 }),
    });
    fc.assert(
      fc.property(offer, offer, (a, b) => {
        expect(negotiate(a, b)).toStrictEqual(negotiate(b, a));
      }),
    );
  });
});
