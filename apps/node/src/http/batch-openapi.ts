/** What the API description says of batches. */
import type { DescribeRouteOptions } from 'hono-openapi';
import { z } from 'zod';
import { batchSchema, mostOperations } from './batch-schema.ts';
import { notIdempotent, problemResponses } from './key-openapi.ts';
import { keyProperties, valueProperties } from './scan-openapi.ts';

const text = { type: 'string' } as const;

export const describeBatch: DescribeRouteOptions = {
  summary: 'Many operations at once, each for itself',
  description:
    `Up to ${mostOperations} gets, puts and deletes, in a body of at most 1 MiB. No transaction: each has its own outcome, ` +
    'some may be done and others not, and two on one key may be done in any order. Gets whose values come to more than ' +
    `1 MiB together are refused with \`ANSWER_TOO_LARGE\`. ${notIdempotent}`,
  operationId: 'batch',
  tags: ['keys'],
  parameters: [
    { name: 'keyspace', in: 'path', required: true, schema: text, description: 'Name of the keyspace.' },
    {
      name: 'timeout',
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: 60_000 },
      description:
        'Milliseconds for all of it. What is still under way then ends by itself as it would alone; what was not begun is refused with ' +
        '`DEADLINE_PASSED` (504), outcome `rejected`. Default: 5000.',
    },
  ],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: z.toJSONSchema(batchSchema, { io: 'input' }) as object } },
  },
  responses: {
    200: {
      description: 'The outcomes, in the order of the operations.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['results'],
            properties: {
              results: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['type', 'key', 'status'],
                  properties: {
                    type: { ...text, enum: ['get', 'put', 'delete'] },
                    ...keyProperties,
                    status: { type: 'integer', description: 'Of the operation, as if it had been asked for alone.' },
                    outcome: text,
                    version: text,
                    siblings: { type: 'integer', description: 'How many the key has after the write.' },
                    context: { ...text, description: 'To be passed back by a write that replaces what was read.' },
                    ...valueProperties,
                    receipt: { type: 'object' },
                    problem: { $ref: '#/components/schemas/Problem' },
                  },
                },
              },
            },
          },
        },
      },
    },
    ...problemResponses([400, 404, 405, 413, 500, 503]),
  },
};
