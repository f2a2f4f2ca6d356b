import { anyClusterId, encodeFrame, type Hello } from '@kv/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint, uniqueValue } from './fingerprint.ts';
import { decodeHello, encodeHello, packFrame, unpackFrame } from './greeted-frame.ts';

const hello: Hello = {
  type: 'hello',
  lowestProtocol: 1,
  highestProtocol: 1,
  features: 0,
  codecs: [1],
  clusterId: anyClusterId,
  nodeId: '11111111-1111-4111-a111-111111111111',
  role: 'node',
  generation: 3,
  authentication: new Uint8Array([1, 2]),
};

describe('a greeted frame', () => {
  it('carries the hello and the frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (frame) => {
        const unpacked = unpackFrame(packFrame(encodeHello(hello), frame));
        expect(decodeHello(unpacked.hello)).toEqual(hello);
        expect(unpacked.frame).toEqual(frame);
      }),
    );
  });

  it('begins with a hello and nothing else', () => {
    const header = { operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
    expect(() => decodeHello(encodeFrame(header, { type: 'topology-request' }))).toThrow('topology-request');
  });
});

describe('fingerprint', () => {
  it('names the writer, and differs when a byte differs', () => {
    const value = uniqueValue('client-1-17', new Uint8Array(300).fill(9));
    expect(fingerprint(value)).toMatch(/^client-1-17\/312\/[0-9a-f]{8}$/);
    const changed = value.slice();
    changed[200]! ^= 1;
    expect(fingerprint(changed)).not.toBe(fingerprint(value));
    expect(fingerprint(new Uint8Array(0))).toMatch(/^\?\/0\//);
  });
});
