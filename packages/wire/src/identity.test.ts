import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIdentity, encodeIdentity, type Identity } from './index.ts';
import { uuid } from './testing/arbitraries.test.ts';

const identity: Identity = {
  clusterId: '00112233-4455-6677-8899-aabbccddeeff',
  nodeId: '01234567-89ab-cdef-0123-456789abcdef',
  generation: 7,
};
const file =
  '{"format":"kv-identity","version":1,"clusterId":"00112233-4455-6677-8899-aabbccddeeff",' +
  '"nodeId":"01234567-89ab-cdef-0123-456789abcdef","generation":7}\n';

/** The file with one field replaced, or without it. */
function altered(field: string, value?: unknown): string {
  return JSON.stringify({ ...(JSON.parse(file) as object), [field]: value });
}

describe('identity file', () => {
  it('comes back as it was written', () => {
    const any = fc.record({ clusterId: uuid, nodeId: uuid, generation: fc.maxSafeNat() }, { noNullPrototype: true });
    fc.assert(
      fc.property(any, (written) => {
        expect(decodeIdentity(encodeIdentity(written))).toStrictEqual(written);
      }),
    );
  });

  it('has a frozen text', () => {
    expect(encodeIdentity(identity)).toBe(file);
  });

  it('of a later version is refused', () => {
    expect(() => decodeIdentity(altered('version', 2))).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_VERSION',
        message: 'needed an identity file of version 1, got 2',
      }) as Error,
    );
  });

  it.each([
    ['format', 'other', 'format: needed "kv-identity", got "other"'],
    ['format', undefined, 'format: needed "kv-identity", got undefined'],
    ['version', 0, 'version: needed a version number, got 0'],
    ['version', '1', 'version: needed a version number, got "1"'],
    ['clusterId', 'c1', 'clusterId: needed a UUID in lowercase, got "c1"'],
    ['clusterId', undefined, 'clusterId: needed a UUID in lowercase, got undefined'],
    ['nodeId', 7, 'nodeId: needed a UUID in lowercase, got 7'],
    ['generation', -1, 'generation: needed an integer from 0 to 2^53 - 1, got -1'],
    ['generation', 1.5, 'generation: needed an integer from 0 to 2^53 - 1, got 1.5'],
    ['generation', null, 'generation: needed an integer from 0 to 2^53 - 1, got null'],
  ])('with %s %j is refused', (field, value, message) => {
    expect(() => decodeIdentity(altered(field, value))).toThrow(
      expect.objectContaining({ code: 'MALFORMED', path: field, message }) as Error,
    );
  });

  it.each(['', '{', 'null', '7', '"kv-identity"', '[]', file.slice(0, -20)])('that is %j is refused', (text) => {
    expect(() => decodeIdentity(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }) as Error);
  });

  it('is never written with a field that could not be read back', () => {
    expect(() => encodeIdentity({ ...identity, nodeId: 'n1' })).toThrow('nodeId: needed a UUID');
    expect(() => encodeIdentity({ ...identity, generation: 2 ** 53 })).toThrow('generation: needed an integer');
  });
});
