/**
 * Reads a request's body while it fits, whether its length was declared or it comes in chunks. What is too much is not
 * kept; it is thrown away for a bounded time after the answer, so that a client that is still sending gets to read that
 * answer instead of a reset connection (closing a socket with unread bytes resets it).
 */
import type { IncomingMessage } from 'node:http';
import { askForBody } from './expectations.ts';
import { Problem } from './problem-details.ts';

/** How long and how much a client may go on sending after it was refused, before its connection is cut. */
const lingerMs = 5000;
const lingerBytes = 64 * 1024 * 1024;

/**
 * Settles whenever it is called: of a connection that broke before, nothing is heard any more.
 *
 * @param came hears how long each piece is, before it is kept; what it throws ends the reading
 * @throws Problem VALUE_TOO_LARGE, INVALID_BODY
 */
export function readBoundedBody(
  incoming: IncomingMessage,
  maxBytes: number,
  came?: (bytes: number) => void,
): Promise<Uint8Array> {
  if (isDeclaredTooLarge(incoming, maxBytes)) return Promise.reject(tooLarge(maxBytes));
  if (incoming.destroyed) return Promise.reject(lost(incoming.errored));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      try {
        if (length > maxBytes) throw tooLarge(maxBytes);
        came?.(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const onEnd = (): void => {
      stop();
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length));
    };
    const onBroken = (error?: Error): void => {
      stop();
      reject(lost(error));
    };
    incoming.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
    askForBody(incoming);
  });
}

function lost(cause: Error | null | undefined): Problem {
  return new Problem('INVALID_BODY', 'the connection was lost before the whole body was read', { cause });
}

/** True when the client itself says that its body is longer than `maxBytes`. */
export function isDeclaredTooLarge(incoming: IncomingMessage, maxBytes: number): boolean {
  return Number(incoming.headers['content-length'] ?? 0) > maxBytes;
}

/** Throws away what is left of a request that has been answered, within bounds: beyond them its connection is cut. */
export function discardRest(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return;
  const cut = (): void => void incoming.socket.destroy();
  const timer = setTimeout(cut, lingerMs).unref();
  let discarded = 0;
  incoming.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > lingerBytes) cut();
  });
  incoming.on('error', () => undefined);
  incoming.once('close', () => clearTimeout(timer));
  incoming.resume();
}

export function tooLarge(maxBytes: number): Problem {
  return new Problem('VALUE_TOO_LARGE', `a value has at most ${maxBytes} bytes`, { members: { maxBytes } });
}
