import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readBoundedBody } from './bounded-body.ts';

/** A request whose client went away before anybody asked for the body. */
async function broken(received: string, error?: Error): Promise<IncomingMessage> {
  const incoming = new IncomingMessage(new Socket());
  if (received !== '') incoming.push(received);
  const closed = new Promise((resolve) => incoming.once('close', resolve));
  incoming.destroy(error);
  await closed;
  return incoming;
}

describe('the body of a request', () => {
  it.each([
    ['nothing', '', undefined],
    ['a part of it', 'x', undefined],
    ['a part of it, with an error,', 'x', new Error('aborted')],
  ])('is lost where %s had come when the connection broke, before it was read', async (_name, received, error) => {
    await expect(readBoundedBody(await broken(received, error), 100)).rejects.toMatchObject({ code: 'INVALID_BODY' });
  });
});
