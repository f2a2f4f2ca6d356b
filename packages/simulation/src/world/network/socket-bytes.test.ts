import { describe, expect, it } from 'vitest';
import { SocketBytes } from './socket-bytes.ts';

describe('bytes from a socket', () => {
  it('are those that were sent, within a larger memory, and a copy of them', () => {
    const sent = Uint8Array.of(1, 2, 3);
    const received = SocketBytes.received(sent);
    sent.fill(0);
    expect([...received]).toEqual([1, 2, 3]);
    expect(received.buffer.byteLength).toBeGreaterThan(3);
  });

  it('have a slice that is a view, as a Buffer has, and so have their parts', () => {
    for (const bytes of [SocketBytes.received(Uint8Array.of(1, 2, 3)), Buffer.from([1, 2, 3])]) {
      bytes.subarray(1).slice(1)[0] = 9;
      expect([...bytes]).toEqual([1, 2, 9]);
    }
  });
});
