/** What the API description says of the routes for single keys. */
import { consistencyLevels } from '@kv/quorum';
import type { DescribeRouteOptions } from 'hono-openapi';
import { problemMediaType, type ProblemCode, problemTypes } from './problem-details.ts';

const retryAfter = {
  'Retry-After': { description: 'Seconds after which it is worth another try.', schema: { type: 'integer' as const } },
};

type Responses = NonNullable<DescribeRouteOptions['responses']>;
type Parameters = NonNullable<DescribeRouteOptions['parameters']>;

const text = { type: 'string' } as const;

const keyParameters: Parameters = [
  { name: 'keyspace', in: 'path', required: true, schema: text, description: 'Name of the keyspace.' },
  {
    name: 'key',
    in: 'path',
    required: true,
    schema: text,
    description: 'One percent-encoded UTF-8 segment of 1 to 4096 bytes once decoded; see `encoding` for other keys.',
  },
  {
    name: 'encoding',
    in: 'query',
    schema: { type: 'string', enum: ['base64url'] },
    description: 'The key in the path is base64url: for binary keys, and for `.` and `..`, which clients fold away.',
  },
  {
    name: 'level',
    in: 'query',
    schema: { type: 'string', enum: [...consistencyLevels] },
    description: 'By name how many replicas must answer; instead of the number. Not in strong keyspaces.',
  },
  {
    name: 'sloppy',
    in: 'query',
    schema: { type: 'boolean' },
    description:
      'Whether other servers may be counted in the place of owners that are down. Default: as the keyspace says. Not `true` in ' +
      'strong keyspaces and those with siblings.',
  },
  {
    name: 'timeout',
    in: 'query',
    schema: { type: 'integer', minimum: 1, maximum: 60_000 },
    description: 'Milliseconds after which nobody waits for the answer any more.',
  },
];

const ttlParameter: Parameters[number] = {
  name: 'ttl',
  in: 'query',
  schema: { type: 'string', pattern: '^[0-9]{1,15}(ms|s|m|h|d)?$' },
  description:
    'How long the value lives, from its version on: a whole number of `ms` (if there is no unit), `s`, `m`, `h` or `d`; ' +
    "`0` for ever. Default: the keyspace's.",
};

const deadlineDescription = 'When the time to live ends (RFC 3339, UTC); absent where the value lives for ever.';

const outcomeHeaders = {
  'KV-Outcome': { description: 'What happened, in one word.', schema: text },
  'KV-Receipt': {
    description: 'What each server that was asked answered, and when.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Receipt' } } },
  },
};

const versionHeaders = {
  ...outcomeHeaders,
  ETag: { description: 'The version that the key has now.', schema: text },
};

const conditionParameters: Parameters = [
  {
    name: 'If-Match',
    in: 'header',
    schema: text,
    description: 'In a strong keyspace: the write is made if the key has a value with this `ETag`.',
  },
  {
    name: 'If-None-Match',
    in: 'header',
    schema: { type: 'string', enum: ['*'] },
    description: 'In a strong keyspace: the write is made if the key has no value.',
  },
];

const contextDescription =
  'In a keyspace with siblings: which writes the answer is the sum of. Passed back as `KV-Context` by the write that replaces ' +
  'them; opaque, of this key only.';
const contextHeaders = { 'KV-Context': { description: contextDescription, schema: text } };

const contextParameter: Parameters[number] = {
  name: 'KV-Context',
  in: 'header',
  schema: text,
  description:
    'In a keyspace with siblings: what a read of this key answered with. The write replaces what was read then and stands ' +
    'beside all else; without it, it replaces nothing.',
};

const writeParameters: Parameters = [
  ...conditionParameters,
  quorumParameter('w', 'Replicas that must be durable'),
  contextParameter,
];

const writeResponses: Responses = {
  204: {
    description:
      'Durable on W distinct servers. `KV-Outcome` is `applied`, or `superseded` by a newer version. In a strong ' +
      'keyspace: `applied`, by a majority of the owners of the key, and every later read returns it or something newer.',
    headers: {
      ...versionHeaders,
      'KV-Version': { description: 'The version of this write.', schema: text },
      'KV-Deadline': { description: deadlineDescription, schema: text },
      'KV-Siblings': {
        description: 'In a keyspace with siblings: how many the key has now. With more than one there is no `ETag`.',
        schema: { type: 'integer', minimum: 0 },
      },
    },
  },
  ...problemResponses([400, 404, 405, 409, 412, 500, 503, 504, 507]),
};

/** No parameter, for there is no value of it that is taken. */
export const notIdempotent =
  'The header `Idempotency-Key` is refused as `NOT_SUPPORTED`: each request is another write. Made once at the most, ' +
  'however often it is tried, is one with `If-Match` in a strong keyspace, or one of the SDK.';

const siblingsSchema = {
  type: 'object' as const,
  required: ['siblings', 'context'],
  properties: {
    siblings: {
      type: 'array' as const,
      minItems: 2,
      items: {
        type: 'object' as const,
        required: ['version', 'contentType', 'value'],
        properties: { version: text, contentType: text, value: { type: 'string' as const, format: 'byte' } },
      },
    },
    context: text,
  },
};

export const describeGet: DescribeRouteOptions = {
  summary: 'Read a value',
  description: 'Answers with the bytes as they were stored. `HEAD` answers the same without them.',
  operationId: 'getKey',
  tags: ['keys'],
  parameters: [...keyParameters, quorumParameter('r', 'Replicas that must answer')],
  responses: {
    200: {
      description: 'The newest value that R replicas know of.',
      headers: {
        ...versionHeaders,
        ...contextHeaders,
        'KV-Deadline': { description: deadlineDescription, schema: text },
      },
      content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
    },
    300: {
      description: 'Several siblings: writes that knew nothing of each other. Values are base64.',
      headers: { ...outcomeHeaders, ...contextHeaders },
      content: { 'application/json': { schema: siblingsSchema } },
    },
    304: { description: 'The version is the one named by `If-None-Match`.' },
    ...problemResponses([400, 404, 405, 500, 503, 504]),
  },
};

export const describePut: DescribeRouteOptions = {
  summary: 'Write a value',
  description:
    'Stores the body as it comes, with its `Content-Type`. Absent, or `application/x-www-form-urlencoded` (which is ' +
    `curl's default), it is stored as \`application/octet-stream\`. ${notIdempotent}`,
  operationId: 'putKey',
  tags: ['keys'],
  parameters: [...keyParameters, ...writeParameters, ttlParameter],
  requestBody: { required: true, content: { '*/*': { schema: { type: 'string', format: 'binary' } } } },
  responses: { ...writeResponses, ...problemResponses([413]) },
};

export const describeDelete: DescribeRouteOptions = {
  summary: 'Delete a value',
  description: `Deleting what is not there is a write like any other. ${notIdempotent}`,
  operationId: 'deleteKey',
  tags: ['keys'],
  parameters: [...keyParameters, ...writeParameters],
  responses: writeResponses,
};

/** One response for each status, naming every problem that has it. */
export function problemResponses(statuses: readonly number[]): Responses {
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = (Object.keys(problemTypes) as ProblemCode[]).filter((code) => problemTypes[code].status === status);
      const content = { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } };
      const description = `Problem: ${codes.join(', ')}.`;
      return [status, { description, content, ...(status === 503 && { headers: retryAfter }) }];
    }),
  );
}

function quorumParameter(name: 'r' | 'w', meaning: string): Parameters[number] {
  const description = `${meaning}, 1 to the number of replicas. Default: a majority. Not in strong keyspaces.`;
  return { name, in: 'query', schema: { type: 'integer', minimum: 1 }, description };
}
