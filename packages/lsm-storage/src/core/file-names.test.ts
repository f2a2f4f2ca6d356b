import { describe, expect, it } from 'vitest';
import { lostFileName, runFileName, runNumbers, segmentFileName, segmentNumbers } from './file-names.ts';

describe('file names', () => {
  it('are recognised by number, in numeric order, also beyond ten digits', () => {
    const numbers = [1, 2, 10, 9_999_999_999, 10_000_000_000];
    expect(segmentNumbers(numbers.map(segmentFileName).reverse())).toEqual(numbers);
    expect(runNumbers(numbers.map(runFileName).reverse())).toEqual(numbers);
  });

  it('of one kind are not taken for another', () => {
    const others = [
      'LOCK',
      'manifest.db',
      'manifest.db.tmp',
      lostFileName(segmentFileName(3), 1),
      '1.log',
      '0000000001.log.tmp',
      '.log',
    ];
    expect(segmentNumbers([...others, runFileName(4)])).toEqual([]);
    expect(runNumbers([...others, segmentFileName(4)])).toEqual([]);
  });

  it('sort as their numbers do', () => {
    expect([segmentFileName(10), segmentFileName(9)].sort()).toEqual([segmentFileName(9), segmentFileName(10)]);
  });
});
