/** The headers of a write that it is not made by: refused by name, for silence would look like consent. */
import type { IncomingMessage } from 'node:http';
import { Problem } from './problem-details.ts';

const refused: Readonly<Record<string, string>> = {
  'if-unmodified-since': 'versions are compared, not dates: If-Match, in a strong keyspace',
  'content-encoding': 'values are stored as they come, without an encoding',
  'content-range': 'a value is written as a whole',
  'idempotency-key':
    'each request over HTTP is another write. Made once at the most, however often it is tried, is one with If-Match in ' +
    'a strong keyspace, or one of the SDK, which stamps a write once',
};

/** @throws Problem NOT_SUPPORTED */
export function checkWriteHeaders({ headers }: IncomingMessage): void {
  const name = Object.keys(refused).find((header) => headers[header] !== undefined);
  if (name === undefined) return;
  throw new Problem('NOT_SUPPORTED', `the header ${name} is not supported here: ${refused[name]}`);
}
