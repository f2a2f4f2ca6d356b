/** Compare-and-set over HTTP: `If-Match` and `If-None-Match` of a write, as a condition on the key (RFC 9110 §13.1). */
import type { IncomingMessage } from 'node:http';
import type { ChangeRequest } from '@kv/cluster-node';
import { parseVersion, QuorumError } from '@kv/quorum';
import { Problem } from './problem-details.ts';

export type ChangeCondition = NonNullable<ChangeRequest['condition']>;

/** @throws Problem INVALID_CONDITION for anything but one entity tag to match, or `*` to match none */
export function readCondition({ headers }: IncomingMessage): ChangeCondition {
  const [match, noneMatch] = [headers['if-match'], headers['if-none-match']];
  if (match !== undefined && noneMatch !== undefined) {
    throw invalid('a write has If-Match or If-None-Match, got both');
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return { type: 'absent' };
    throw invalid(`a write's If-None-Match is *, the key has no value, got ${quote(noneMatch)}`);
  }
  return match === undefined ? { type: 'none' } : { type: 'version', version: versionIn(match) };
}

/** @throws Problem NOT_SUPPORTED where a condition is asked for that an eventual keyspace cannot hold */
export function refuseCondition({ headers }: IncomingMessage, keyspace: string): void {
  const name = ['if-match', 'if-none-match'].find((header) => headers[header] !== undefined);
  if (name === undefined) return;
  const why = `compare-and-set needs a strong keyspace, and ${keyspace} is eventual`;
  throw new Problem('NOT_SUPPORTED', `the header ${name} is not supported here: ${why}`);
}

function versionIn(tag: string): ReturnType<typeof parseVersion> {
  const text = /^"([^"]*)"$/.exec(tag.trim())?.[1];
  if (text === undefined) throw invalid(`If-Match is one entity tag, an ETag as it was answered, got ${quote(tag)}`);
  try {
    return parseVersion(text);
  } catch (error) {
    if (error instanceof QuorumError) throw invalid(`If-Match names no version of a key: ${error.message}`);
    throw error;
  }
}

function invalid(detail: string): Problem {
  return new Problem('INVALID_CONDITION', detail);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
