/** What the API description says of scans, and of keys and values inside JSON. */
import { consistencyLevels } from '@kv/quorum';
import type { DescribeRouteOptions } from 'hono-openapi';
import { problemResponses } from './key-openapi.ts';

type Parameters = NonNullable<DescribeRouteOptions['parameters']>;

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;

export const keyProperties = {
  key: { ...text, description: 'Text, or base64url if `encoding` says so.' },
  encoding: { ...text, enum: ['base64url'], description: 'Of the key; absent if it is text.' },
};

export const valueProperties = {
  contentType: text,
  length: { ...count, description: 'Bytes of the value.' },
  deadline: { ...text, format: 'date-time', description: 'When its time to live ends; absent if never.' },
  value: {
    type: 'object' as const,
    description: 'Exactly one of the three, by the content type; what is not what that says is `base64`.',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
    properties: { json: {}, text, base64: { ...text, format: 'byte' } },
  },
};

const keyBound = (name: string, description: string): Parameters[number] => ({
  name,
  in: 'query',
  schema: text,
  description: `${description} As a key in a path: percent-encoded UTF-8, or as \`encoding\` says.`,
});

export const describeScan: DescribeRouteOptions = {
  summary: 'List keys and values',
  description:
    'Partition by partition, in byte order of the keys within each: in order altogether where the prefix holds a hash ' +
    'tag, as `{user:1}/`. A key that is there all the time comes exactly once over the pages; there is no snapshot. A ' +
    'page may hold less than `limit`, or nothing, and there is more as long as there is a `cursor`.',
  operationId: 'scanKeys',
  tags: ['keys'],
  parameters: [
    { name: 'keyspace', in: 'path', required: true, schema: text, description: 'Name of the keyspace.' },
    keyBound('prefix', 'Only keys that begin so.'),
    keyBound('gte', 'Only this key and those behind it, in byte order.'),
    keyBound('lt', 'Only keys before this one.'),
    {
      name: 'limit',
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      description: 'Items at most. A page also ends at about 1 MiB of values, and after a second.',
    },
    { name: 'cursor', in: 'query', schema: text, description: 'From the page before, with the same prefix and range.' },
    { name: 'values', in: 'query', schema: { type: 'boolean', default: true }, description: 'Whether to read values.' },
    {
      name: 'encoding',
      in: 'query',
      schema: { type: 'string', enum: ['base64url'] },
      description: 'Of all keys, in the request and in the answer. Without it a key that is not UTF-8 is base64url.',
    },
    {
      name: 'r',
      in: 'query',
      schema: { type: 'integer', minimum: 1 },
      description: 'Replicas of each partition that must answer. Default: as the keyspace says.',
    },
    {
      name: 'level',
      in: 'query',
      schema: { type: 'string', enum: [...consistencyLevels] },
      description: 'By name how many replicas must answer; instead of `r`.',
    },
    {
      name: 'timeout',
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: 60_000 },
      description: 'Milliseconds after which nobody waits for the answer any more.',
    },
  ],
  responses: {
    200: {
      description: 'A page.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['items'],
            properties: {
              items: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['key', 'version', 'contentType', 'length'],
                  properties: { ...keyProperties, version: text, ...valueProperties },
                },
              },
              cursor: { ...text, description: 'Where the next page goes on; absent at the end.' },
            },
          },
        },
      },
    },
    ...problemResponses([400, 404, 405, 500, 503, 504]),
  },
};
