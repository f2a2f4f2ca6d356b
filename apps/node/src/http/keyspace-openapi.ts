/** What the API description says of keyspaces, and what their bodies must be. */
import { consistencyLevels } from '@kv/quorum';
import { type DescribeRouteOptions, resolver } from 'hono-openapi';
import { z } from 'zod';
import { problemResponses } from './key-openapi.ts';
import { keyspaceSchema } from './status-schema.ts';

type Parameters = NonNullable<DescribeRouteOptions['parameters']>;

const settings = {
  sloppy: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether other servers may stand in for owners that are down. Default: true, but false, and never true, in strong keyspaces ' +
        'and those with siblings.',
    }),
  readLevel: z.enum(consistencyLevels).optional(),
  writeLevel: z.enum(consistencyLevels).optional(),
  compressed: z.boolean().optional(),
};
const replicas = z.number().int().optional();
const ttlMs = z
  .number()
  .int()
  .min(1)
  .max(2 ** 48 - 1)
  .meta({ description: 'Time to live of values whose writer names none, in milliseconds.' });

export const creationSchema = z.strictObject({
  replicas: replicas.meta({ description: 'N, 1 to 7. Default: 3, or as many as there are members.' }),
  mode: z.enum(['eventual', 'strong']).optional(),
  conflict: z.enum(['last-write-wins', 'siblings']).optional(),
  ...settings,
  ttlMs: ttlMs.optional(),
});

export const changesSchema = z.strictObject({
  replicas: replicas.meta({ description: 'Only what it is: it cannot change yet.' }),
  mode: z.enum(['eventual', 'strong']).optional().meta({ description: 'Only what it is: it never changes.' }),
  conflict: z
    .enum(['last-write-wins', 'siblings'])
    .optional()
    .meta({ description: 'Only what it is: it never changes.' }),
  ...settings,
  ttlMs: ttlMs.nullable().optional().meta({ description: 'null: for ever.' }),
});

const keyspaceParameter: Parameters = [
  { name: 'keyspace', in: 'path', required: true, schema: { type: 'string' }, description: 'Name of the keyspace.' },
];
const changeParameters: Parameters = [
  ...keyspaceParameter,
  {
    name: 'timeout',
    in: 'query',
    schema: { type: 'integer', minimum: 1, maximum: 60_000 },
    description: 'Milliseconds after which nobody waits for the answer any more.',
  },
  {
    name: 'idempotency-key',
    in: 'header',
    schema: { type: 'string', format: 'uuid' },
    description:
      'A UUID of version 7, the same for every try: a change that was made is not made again. One that is older than the last 16 ' +
      'changes is refused as OPERATION_FORGOTTEN, with the outcome `unknown`: it may have been made.',
  },
];

const keyspaceAnswer = (description: string) => ({
  description,
  content: { 'application/json': { schema: resolver(keyspaceSchema) } },
});

const behindHeader = {
  'KV-Behind': {
    schema: { type: 'string' },
    description: 'Names of the members that are not known to go by it yet: a list in JSON.',
  },
} as const;
const notEverywhere =
  'It is decided, and will not be undone; but some members that are not believed down did not say in time that they go by it. ' +
  'Until they hear of it they serve what was before; asked again under the same idempotency key, the answer waits for them anew.';

/** `requestBody` takes no resolver: the schema goes in as it is written. */
const bodyOf = (schema: z.ZodType): NonNullable<DescribeRouteOptions['requestBody']> => ({
  content: { 'application/json': { schema: z.toJSONSchema(schema, { io: 'input' }) as object } },
});

export const describeKeyspaces: DescribeRouteOptions = {
  summary: 'All keyspaces',
  operationId: 'listKeyspaces',
  tags: ['keyspaces'],
  responses: {
    200: {
      description: 'As of the epoch that this node knows.',
      content: {
        'application/json': {
          schema: resolver(z.object({ epoch: z.number().int().nonnegative(), keyspaces: z.array(keyspaceSchema) })),
        },
      },
    },
    ...problemResponses([400, 503]),
  },
};

export const describeKeyspace: DescribeRouteOptions = {
  summary: 'One keyspace',
  operationId: 'getKeyspace',
  tags: ['keyspaces'],
  parameters: keyspaceParameter,
  responses: { 200: keyspaceAnswer('As this node knows it.'), ...problemResponses([400, 404, 503]) },
};

export const describeCreate: DescribeRouteOptions = {
  summary: 'Make a keyspace',
  description: 'Mode and conflict rule hold for ever. What is left out is as the defaults say.',
  operationId: 'createKeyspace',
  tags: ['keyspaces'],
  parameters: changeParameters,
  requestBody: bodyOf(creationSchema),
  responses: {
    201: keyspaceAnswer('Every node that is not believed down knows it.'),
    202: { ...keyspaceAnswer(notEverywhere), headers: behindHeader },
    ...problemResponses([400, 409, 413, 503, 504]),
  },
};

export const describeAlter: DescribeRouteOptions = {
  summary: 'Change the settings of a keyspace',
  operationId: 'alterKeyspace',
  tags: ['keyspaces'],
  parameters: changeParameters,
  requestBody: bodyOf(changesSchema),
  responses: {
    200: keyspaceAnswer('As it is now, at every node that is not believed down.'),
    202: { ...keyspaceAnswer(notEverywhere), headers: behindHeader },
    ...problemResponses([400, 404, 409, 413, 503, 504]),
  },
};

export const describeDrop: DescribeRouteOptions = {
  summary: 'Drop a keyspace and erase all that is in it',
  operationId: 'dropKeyspace',
  tags: ['keyspaces'],
  parameters: [
    ...changeParameters,
    {
      name: 'confirm',
      in: 'query',
      required: true,
      schema: { type: 'string' },
      description: 'The name of the keyspace once more.',
    },
  ],
  responses: {
    204: { description: 'It is gone, at every node that is not believed down.' },
    202: {
      description: `${notEverywhere} What they acknowledge in the meantime is erased with the keyspace.`,
      headers: behindHeader,
    },
    ...problemResponses([400, 404, 409, 503, 504]),
  },
};
