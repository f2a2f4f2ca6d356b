/** The headers of a write that it is not made by: refused by name, for silence would look like consent. */
import type { IncomingMessage } from 'node:http';
import { Problem } from './problem-details.ts';

const ofAnyWrite: Readonly<Record<string, string>> = {
  'if-unmodified-since': 'versions are compared, not dates: If-Match, in a strong keyspace',
  'content-encoding': 'values are stored as they come, without an encoding',
  'content-range': 'a value is written as a whole',
  'idempotency-key':
    'each request over HTTP is another write. Made once at the most, however often it is tried, is one with ' +
    'If-Match in a strong keyspace, or one of the SDK, which stamps a write once',
};

const unconditional = 'the operations of a batch have no condition: write the key alone, in a strong keyspace';
const ofBatch = { ...ofAnyWrite, 'if-match': unconditional, 'if-none-match': unconditional };

/** Of a write of a single key. @throws Problem NOT_SUPPORTED */
export function checkWriteHeaders(incoming: IncomingMessage): void {
  refuse(incoming, ofAnyWrite);
}

/** @throws Problem NOT_SUPPORTED */
export function checkBatchHeaders(incoming: IncomingMessage): void {
  refuse(incoming, ofBatch);
}

function refuse({ headers }: IncomingMessage, refused: Readonly<Record<string, string>>): void {
  const name = Object.keys(refused).find((header) => headers[header] !== undefined);
  if (name === undefined) return;
  throw new Problem('NOT_SUPPORTED', `the header ${name} is not supported here: ${refused[name]}`);
}
