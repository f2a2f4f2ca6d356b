/** `GET /metrics`. */
import type { HttpBindings } from '@hono/node-server';
import type { NodeStatus } from '@kv/cluster-node';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { NodeMetrics } from './metrics.ts';

export interface MetricsDependencies {
  readonly status: () => NodeStatus | undefined;
  /** Connections of peers and clients that are open. */
  readonly connections: () => number;
}

export function addMetricsRoute(
  app: Hono<{ Bindings: HttpBindings }>,
  { status, connections }: MetricsDependencies,
): void {
  const metrics = new NodeMetrics();
  app.get(
    '/metrics',
    describeRoute({
      summary: 'Metrics for Prometheus',
      tags: ['cluster'],
      responses: { 200: { description: 'Text.', content: { 'text/plain': { schema: { type: 'string' } } } } },
    }),
    async (context) => {
      const text = await metrics.render(status(), connections());
      return context.body(text, 200, { 'content-type': metrics.contentType });
    },
  );
}
