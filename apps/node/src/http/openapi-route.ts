/** `GET /openapi.json`: the description of the API, generated from the routes that there are. */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { describeRoute, openAPIRouteHandler } from 'hono-openapi';
import { problemTypes } from './problem-details.ts';
import { receiptSchema } from './receipt-schema.ts';

const problemSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457). Programs compare `code`.',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problemTypes) },
    detail: { type: 'string' },
    outcome: {
      type: 'string',
      description:
        'Of a write or a change of a keyspace: `rejected`, `unavailable` or `conflict` (nothing was stored), or `unknown`.',
    },
    current: { type: 'string', description: 'Of a conflict: the version of the value that the key has, if any.' },
    needed: { type: 'integer' },
    got: { type: 'integer' },
    version: { type: 'string' },
    receipt: { $ref: '#/components/schemas/Receipt' },
  },
} as const;

export function addOpenApiRoute(app: Hono<{ Bindings: HttpBindings }>): void {
  app.get(
    '/openapi.json',
    describeRoute({
      summary: 'This description',
      tags: ['cluster'],
      responses: {
        200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
      },
    }),
    openAPIRouteHandler(app, {
      excludeStaticFile: false,
      documentation: {
        info: { title: 'kv', version: '1', description: 'The HTTP API of a node. Any node answers for any key.' },
        components: { schemas: { Problem: mutable(problemSchema), Receipt: mutable(receiptSchema) } },
      },
    }),
  );
}

/** The library's types know no readonly lists. */
function mutable(schema: object): object {
  return structuredClone(schema);
}
