/**
 * The file that makes a data directory one member of one cluster. A format that lasts: one JSON object and a newline,
 * for people to read too; drawn in docs/formats/identity.md.
 */
import { malformed, WireError } from './errors.ts';
import { uuidToBytes } from './uuid.ts';

export interface Identity {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Raised and made durable at every start, before the first word to a peer; an integer in [0, 2^53). */
  readonly generation: number;
}

const format = 'kv-identity';
const version = 1;

/** @throws WireError MALFORMED naming the field */
export function encodeIdentity({ clusterId, nodeId, generation }: Identity): string {
  const identity = checkedIdentity({ clusterId, nodeId, generation });
  return `${JSON.stringify({ format, version, ...identity })}\n`;
}

/** @throws WireError UNSUPPORTED_VERSION for a file of a later version, MALFORMED naming the field */
export function decodeIdentity(text: string): Identity {
  const file = parseObject(text);
  if (file['format'] !== format) throw wrong('format', JSON.stringify(format), file['format']);
  const found = file['version'];
  if (!isCount(found) || found < 1) throw wrong('version', 'a version number', found);
  if (found > version) {
    throw new WireError('UNSUPPORTED_VERSION', `needed an identity file of version ${version}, got ${found}`);
  }
  return checkedIdentity(file);
}

function checkedIdentity(fields: Readonly<Record<string, unknown>>): Identity {
  const { clusterId, nodeId, generation } = fields;
  if (!isUuid(clusterId)) throw wrong('clusterId', 'a UUID in lowercase', clusterId);
  if (!isUuid(nodeId)) throw wrong('nodeId', 'a UUID in lowercase', nodeId);
  if (!isCount(generation)) throw wrong('generation', 'an integer from 0 to 2^53 - 1', generation);
  return { clusterId, nodeId, generation };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(`needed an identity file, got ${text.length} characters that are not JSON`, cause);
  }
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  throw malformed('needed an identity file, got JSON that is not an object');
}

function isUuid(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  try {
    return uuidToBytes(value).length > 0;
  } catch {
    return false;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrong(field: string, needed: string, got: unknown): WireError {
  return new WireError('MALFORMED', `needed ${needed}, got ${JSON.stringify(got)}`, { path: field });
}
