/**
 * `POST /v1/keyspaces/{keyspace}/batch`: many operations in one request, each for itself. It is no transaction: each has
 * its own outcome, some may be done and others not, and whoever reads meanwhile may see any of them alone.
 */
import type { HttpBindings } from '@hono/node-server';
import { defaultOptions } from '@kv/cluster-node';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { readAdmittedBody } from './admitted.ts';
import { describeBatch } from './batch-openapi.ts';
import { BatchRun } from './batch-run.ts';
import { type BatchOperation, batchSchema } from './batch-schema.ts';
import { checkParameterNames, timeoutOf } from './key-request.ts';
import { copiesOf, type KeyRoutesDependencies } from './key-routes.ts';
import { memberKnowing } from './member-knowing.ts';
import { Problem } from './problem-details.ts';
import { keyspaceOf, parseRequestTarget } from './request-target.ts';
import { checkBatchHeaders } from './write-headers.ts';

export interface BatchRoutesDependencies extends KeyRoutesDependencies {
  /** Whatever went wrong with an operation, as something that may be told. */
  readonly problemOf: (error: unknown) => Problem;
}

export function addBatchRoutes(app: Hono<{ Bindings: HttpBindings }>, dependencies: BatchRoutesDependencies): void {
  const { member, nameOf, maxValueBytes, problemOf } = dependencies;

  app.post('/v1/keyspaces/:keyspace/batch', describeRoute(describeBatch), async (context) => {
    const { incoming } = context.env;
    const { path, parameters } = parseRequestTarget(incoming.url ?? '');
    checkParameterNames(parameters, ['timeout']);
    checkBatchHeaders(incoming);
    const [keyspace, timeoutMs] = [keyspaceOf(path), timeoutOf(parameters) ?? defaultOptions.requestTimeoutMs];
    const coordinator = await memberKnowing(member(), keyspace);
    if (coordinator.topology.keyspace(keyspace) === undefined) {
      throw new Problem('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(keyspace)}`);
    }
    const { bytes, share } = await readAdmittedBody(
      context.env,
      coordinator.admission,
      copiesOf(coordinator, keyspace),
      maxValueBytes,
    );
    const operations = readOperations(bytes);
    if (operations.some(({ type }) => type === 'get')) coordinator.admission.scanToo(share);
    const grow = (more: number): void => coordinator.admission.grow(share, more);
    const terms = { keyspace, timeoutMs, answerBytes: maxValueBytes, grow };
    const run = new BatchRun({ coordinator, nameOf, problemOf }, terms);
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
    return new Response(`{"results":[${(await run.all(operations)).join(',\n')}]}\n`, { headers });
  });
}

/** @throws Problem MALFORMED_BODY */
function readOperations(bytes: Uint8Array): readonly BatchOperation[] {
  const { data, error } = batchSchema.safeParse(parseJson(bytes));
  if (data !== undefined) return data.operations;
  const faults = error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')} ${message}`.trim());
  throw new Problem('MALFORMED_BODY', faults.join('; '));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem('MALFORMED_BODY', 'the body must be JSON', { cause });
  }
}
