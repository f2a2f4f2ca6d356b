/** `PUT GET HEAD DELETE /v1/keyspaces/{keyspace}/keys/{key}`: raw bytes with their content type. */
import type { HttpBindings } from '@hono/node-server';
import type { IncomingMessage } from 'node:http';
import type { ChangeRequest, ChangeResult, ClusterNode, GetResult, PutResult } from '@kv/cluster-node';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { admitRead, admitWrite, readAdmittedBody } from './admitted.ts';
import { changeHeaders } from './change-answers.ts';
import { readCondition, refuseCondition } from './change-condition.ts';
import { type NameOf, readAnswer, writeHeaders } from './key-answers.ts';
import { describeDelete, describeGet, describePut } from './key-openapi.ts';
import { type KeyRequest, readKeyRequest, readPutRequest } from './key-request.ts';
import { memberKnowing } from './member-knowing.ts';
import { Problem } from './problem-details.ts';

export type CoordinatingMember = Pick<
  ClusterNode,
  'get' | 'put' | 'delete' | 'change' | 'topology' | 'refreshTopology' | 'admission'
>;

export interface KeyRoutesDependencies {
  /** @throws Problem NOT_READY while there is no member */
  readonly member: () => CoordinatingMember;
  readonly nameOf: NameOf;
  readonly maxValueBytes: number;
}

/** The braces let the key be empty or hold slashes here, so that it is refused with a reason and not as unknown. */
export const keyPath = '/v1/keyspaces/:keyspace/keys/:key{.*}';

export function addKeyRoutes(app: Hono<{ Bindings: HttpBindings }>, dependencies: KeyRoutesDependencies): void {
  const { member, nameOf, maxValueBytes } = dependencies;

  app.get(keyPath, describeRoute(describeGet), async (context) => {
    const { replicas: r, context: _, ...request } = readKeyRequest(context.env.incoming, 'r');
    const coordinator = await memberKnowing(member(), request.keyspace);
    const share = admitRead(context.env, coordinator.admission);
    const result = await new Promise<GetResult>((resolve, reject) =>
      coordinator.get({ ...request, r }, resolve, reject),
    );
    const { status, headers, value } = readAnswer(result, nameOf);
    const busy = coordinator.admission.brought(share, value.length);
    if (busy !== undefined) throw busy;
    if (matches(context.env.incoming.headers['if-none-match'], headers['etag'])) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(bodyOf(value), { status, headers: { ...headers, 'content-length': String(value.length) } });
  });

  app.put(keyPath, describeRoute(describePut), async (context) => {
    const { incoming } = context.env;
    const { replicas: w, ...request } = readPutRequest(incoming);
    const coordinator = await memberKnowing(member(), request.keyspace);
    const change = changeIn(coordinator, incoming, { ...request, replicas: w });
    const copies = copiesOf(coordinator, request.keyspace);
    const { bytes: value } = await readAdmittedBody(context.env, coordinator.admission, copies, maxValueBytes);
    const contentType = storedContentType(incoming.headers['content-type']);
    if (change !== undefined) {
      return answerChange(
        coordinator,
        { ...change, to: { type: 'put', value, contentType, ttlMs: request.ttlMs } },
        nameOf,
      );
    }
    const write = { ...request, w, value, contentType };
    const result = await new Promise<PutResult>((resolve, reject) => coordinator.put(write, resolve, reject));
    return new Response(null, { status: 204, headers: writeHeaders(result, nameOf) });
  });

  app.delete(keyPath, describeRoute(describeDelete), async (context) => {
    const { incoming } = context.env;
    const { replicas: w, ...request } = readKeyRequest(incoming, 'w');
    const coordinator = await memberKnowing(member(), request.keyspace);
    const change = changeIn(coordinator, incoming, { ...request, replicas: w });
    admitWrite(context.env, coordinator.admission, copiesOf(coordinator, request.keyspace));
    if (change !== undefined) return answerChange(coordinator, { ...change, to: { type: 'delete' } }, nameOf);
    const result = await new Promise<PutResult>((resolve, reject) => {
      coordinator.delete({ ...request, w }, resolve, reject);
    });
    return new Response(null, { status: 204, headers: writeHeaders(result, nameOf) });
  });
}

/** How often what is written to a keyspace is sent on; one that there is not refuses it anyway. */
export function copiesOf({ topology }: Pick<ClusterNode, 'topology'>, keyspace: string): number {
  return topology.keyspace(keyspace)?.replicas ?? 0;
}

/** The write as a change of a strong keyspace, `undefined` in an eventual one. @throws Problem for what neither can do */
function changeIn(
  { topology }: CoordinatingMember,
  incoming: IncomingMessage,
  { replicas, context, ...request }: KeyRequest,
): Omit<ChangeRequest, 'to'> | undefined {
  const { keyspace } = request;
  const mode = topology.keyspace(keyspace)?.mode;
  if (mode === 'eventual') refuseCondition(incoming, keyspace);
  if (mode !== 'strong') return undefined;
  if (replicas !== undefined) {
    const detail = `keyspace ${keyspace} is strong: a majority of its owners always answers, got w=${replicas}`;
    throw new Problem('NOT_SUPPORTED', detail);
  }
  if (context !== undefined) {
    throw new Problem('NOT_SUPPORTED', `keyspace ${keyspace} has no siblings, and takes no context`);
  }
  return { ...request, condition: readCondition(incoming) };
}

async function answerChange(coordinator: CoordinatingMember, change: ChangeRequest, nameOf: NameOf): Promise<Response> {
  const result = await new Promise<ChangeResult>((resolve, reject) => coordinator.change(change, resolve, reject));
  return new Response(null, { status: 204, headers: changeHeaders(result, change.to.type, nameOf) });
}

/** What a client that names no type sends are bytes; curl's default for `-d` names a type that nobody chose. */
export function storedContentType(given: string | undefined): string {
  const type = given?.trim() ?? '';
  return type === '' || /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type) ? 'application/octet-stream' : type;
}

/** RFC 9110 §13.1.2, with the weak comparison that it asks for. */
function matches(header: string | undefined, current: string | undefined): boolean {
  if (header === undefined || current === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(current);
}

/** The value may be a view of a larger buffer, and that of any kind; a response takes it as it is. */
function bodyOf(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return value.buffer instanceof ArrayBuffer ? (value as Uint8Array<ArrayBuffer>) : new Uint8Array(value);
}
