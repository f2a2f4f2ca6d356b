import { expect, it } from 'vitest';
import { isOthersName, prefixOf } from './run-names.ts';

it('a name is another sequence’s when its prefix is, or when it is spelled otherwise', () => {
  const [own, other] = [prefixOf(7), prefixOf(8)];
  expect(isOthersName(`${own}1`, own)).toBe(false);
  expect(isOthersName(`${other}1`, own)).toBe(true);
  expect(isOthersName('default', own)).toBe(false);
  for (const prefix of [own, other])
    expect(isOthersName(Buffer.from(`${prefix}1`).toString('base64url'), own)).toBe(true);
});
