/**
 * Lets requests over HTTP in: each takes a share of the member's budget before its body is read and anything is done for
 * it, and gives it back when its answer has left or its connection broke. All requests of one connection are one client.
 */
import type { HttpBindings } from '@hono/node-server';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Admission, BudgetShare, ClientBudget } from '@kv/cluster-node';
import { isDeclaredTooLarge, readBoundedBody } from './bounded-body.ts';

const clients = new WeakMap<Socket, ClientBudget>();

/** Of a read. @throws RequestError BUSY */
export function admitRead({ incoming, outgoing }: HttpBindings, admission: Admission): BudgetShare {
  return untilAnswered(admission.read(clientOf(incoming, admission)), outgoing);
}

/** Of a page of a scan. @throws RequestError BUSY */
export function admitScan({ incoming, outgoing }: HttpBindings, admission: Admission): BudgetShare {
  return untilAnswered(admission.scan(clientOf(incoming, admission)), outgoing);
}

/** Of a write with all that its declared body holds. @throws RequestError BUSY */
export function admitWrite({ incoming, outgoing }: HttpBindings, admission: Admission, copies: number): BudgetShare {
  return untilAnswered(admission.write(clientOf(incoming, admission), declaredBytes(incoming), copies), outgoing);
}

/**
 * The body of a write. Its declared length is admitted before any of it is read; of one in chunks, each as it comes.
 * @throws RequestError BUSY
 * @throws Problem VALUE_TOO_LARGE, INVALID_BODY
 */
export async function readAdmittedBody(
  env: HttpBindings,
  admission: Admission,
  copies: number,
  maxBytes: number,
): Promise<Uint8Array> {
  const { incoming } = env;
  if (isDeclaredTooLarge(incoming, maxBytes)) return readBoundedBody(incoming, maxBytes);
  const share = admitWrite(env, admission, copies);
  const isDeclared = incoming.headers['content-length'] !== undefined;
  const came = (bytes: number): void => admission.grow(share, bytes * (1 + copies));
  return readBoundedBody(incoming, maxBytes, isDeclared ? undefined : came);
}

function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

function clientOf({ socket }: IncomingMessage, admission: Admission): ClientBudget {
  const known = clients.get(socket);
  if (known !== undefined) return known;
  const client = admission.client();
  clients.set(socket, client);
  return client;
}

function untilAnswered(share: BudgetShare, outgoing: HttpBindings['outgoing']): BudgetShare {
  if (outgoing.closed) share.giveBack();
  else outgoing.once('close', () => share.giveBack());
  return share;
}
