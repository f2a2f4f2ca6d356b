/** Reads a request for a page of a scan. */
import type { IncomingMessage } from 'node:http';
import type { ScanRequest } from '@kv/cluster-node';
import { checkParameterNames, encodingOf, levelOf, replicasOf, timeoutOf } from './key-request.ts';
import { Problem } from './problem-details.ts';
import { keyParameter, keyspaceOf, parseRequestTarget } from './request-target.ts';

const maxLimit = 1000;

export interface PageRequest extends ScanRequest {
  /** How keys are written in the answer. */
  readonly encoding: 'base64url' | undefined;
}

/** @throws Problem */
export function readPageRequest(incoming: IncomingMessage): PageRequest {
  const { path, query, parameters } = parseRequestTarget(incoming.url ?? '');
  checkParameterNames(parameters, [
    ...['prefix', 'gte', 'lt', 'limit', 'cursor', 'values', 'encoding'],
    ...['r', 'level', 'timeout'],
  ]);
  const encoding = encodingOf(parameters);
  return {
    keyspace: keyspaceOf(path),
    encoding,
    prefix: keyParameter(query, 'prefix', encoding),
    gte: keyParameter(query, 'gte', encoding),
    lt: keyParameter(query, 'lt', encoding),
    limit: limitOf(parameters),
    cursor: cursorOf(parameters),
    values: valuesOf(parameters),
    r: replicasOf(parameters, 'r'),
    level: levelOf(parameters),
    timeoutMs: timeoutOf(parameters),
  };
}

function limitOf(parameters: ReadonlyMap<string, string>): number | undefined {
  const text = parameters.get('limit');
  if (text === undefined) return undefined;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw new Problem('INVALID_LIMIT', `limit must be 1 to ${maxLimit}, got ${JSON.stringify(text.slice(0, 40))}`);
}

function valuesOf(parameters: ReadonlyMap<string, string>): boolean | undefined {
  const text = parameters.get('values');
  if (text === undefined || text === 'true' || text === 'false')
    return text === undefined ? undefined : text === 'true';
  throw new Problem('INVALID_PARAMETER', `values can be true or false, got ${JSON.stringify(text.slice(0, 40))}`);
}

function cursorOf(parameters: ReadonlyMap<string, string>): Uint8Array | undefined {
  const text = parameters.get('cursor');
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length > 0 && bytes.toString('base64url') === text) return new Uint8Array(bytes);
  throw new Problem('INVALID_CURSOR', 'a cursor is passed back as it was given');
}
