/**
 * Lets requests over HTTP in: each takes a share of the member's budget before its body is read and anything is done for
 * it, and gives it back when its answer has left or its connection broke. All requests of one connection are one client.
 */
import type { HttpBindings } from '@hono/node-server';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Admission, BudgetShare, ClientBudget } from '@kv/cluster-node';
import { isDeclaredTooLarge, readBoundedBody, tooLarge } from './bounded-body.ts';
import { onceEnded } from './request-end.ts';

export interface AdmittedBody {
  readonly bytes: Uint8Array;
  readonly share: BudgetShare;
}

const clients = new WeakMap<Socket, ClientBudget>();

/** Of a read. @throws RequestError BUSY */
export function admitRead(env: HttpBindings, admission: Admission): BudgetShare {
  return untilAnswered(admission.read(clientOf(env.incoming, admission)), env);
}

/** Of a page of a scan. @throws RequestError BUSY */
export function admitScan(env: HttpBindings, admission: Admission): BudgetShare {
  return untilAnswered(admission.scan(clientOf(env.incoming, admission)), env);
}

/** Of a write with all that its declared body holds. @throws RequestError BUSY */
export function admitWrite(env: HttpBindings, admission: Admission, copies: number): BudgetShare {
  return untilAnswered(admission.write(clientOf(env.incoming, admission), declaredBytes(env.incoming), copies), env);
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
): Promise<AdmittedBody> {
  const { incoming } = env;
  if (isDeclaredTooLarge(incoming, maxBytes)) throw tooLarge(maxBytes);
  const share = admitWrite(env, admission, copies);
  const isDeclared = incoming.headers['content-length'] !== undefined;
  const came = (bytes: number): void => admission.grow(share, bytes * (1 + copies));
  return { bytes: await readBoundedBody(incoming, maxBytes, isDeclared ? undefined : came), share };
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

function untilAnswered(share: BudgetShare, env: HttpBindings): BudgetShare {
  onceEnded(env, () => share.giveBack());
  return share;
}
