/** What people and load balancers ask of a node: what it is, whether it lives, whether it serves, who is up. */
import type { HttpBindings } from '@hono/node-server';
import type { NodeStatus } from '@kv/cluster-node';
import type { Hono } from 'hono';
import { describeRoute, resolver } from 'hono-openapi';
import { problemResponses } from './key-openapi.ts';
import { Problem } from './problem-details.ts';
import { statusSchema, viewStatus } from './status-schema.ts';

export interface ClusterRoutesDependencies {
  /** Undefined until the member is open. */
  readonly status: () => NodeStatus | undefined;
}

export function addClusterRoutes(app: Hono<{ Bindings: HttpBindings }>, { status }: ClusterRoutesDependencies): void {
  const plain = (description: string) =>
    ({ description, content: { 'text/plain': { schema: { type: 'string' } } } }) as const;

  app.get(
    '/',
    describeRoute({ summary: 'This node on one screen', tags: ['cluster'], responses: { 200: plain('Text.') } }),
    (context) => context.text(front(status())),
  );

  app.get(
    '/livez',
    describeRoute({ summary: 'The process lives', tags: ['cluster'], responses: { 200: plain('It answers.') } }),
    (context) => context.text('alive\n'),
  );

  app.get(
    '/readyz',
    describeRoute({
      summary: 'The node serves requests',
      tags: ['cluster'],
      responses: { 200: plain('It serves.'), ...problemResponses([503]) },
    }),
    (context) => {
      if (status()?.ready !== true) throw new Problem('NOT_READY', 'this node is starting or stopping');
      return context.text('ready\n');
    },
  );

  app.get(
    '/v1/cluster/status',
    describeRoute({
      summary: 'The cluster as this node sees it',
      operationId: 'getClusterStatus',
      tags: ['cluster'],
      responses: {
        200: {
          description: 'Members, keyspaces, storage.',
          content: { 'application/json': { schema: resolver(statusSchema) } },
        },
        ...problemResponses([503]),
      },
    }),
    (context) => {
      const current = status();
      if (current === undefined) throw new Problem('NOT_READY', 'this node is starting');
      return context.json(viewStatus(current));
    },
  );
}

function front(status: NodeStatus | undefined): string {
  if (status === undefined) return 'this node is starting\n';
  const { name, id, clusterId, address, epoch, members, keyspaces, ready } = status;
  const width = Math.max(...members.map((member) => member.name.length));
  const rows = members.map((member) => {
    const share = `${(member.share * 100).toFixed(1)} %`;
    return `  ${member.name.padEnd(width)}  ${member.address.padEnd(21)}  ${member.state.padEnd(7)}  ${share}`;
  });
  return [
    `cluster ${clusterId}, epoch ${epoch}`,
    `node    ${name} (${id}) at ${address}, ${ready ? 'serving' : 'not serving yet'}`,
    '',
    ...rows,
    '',
    `keyspaces ${keyspaces.map((keyspace) => `${keyspace.name} (${keyspace.replicas} replicas)`).join(', ')}`,
    '',
    `put     curl -X PUT http://${address}/v1/keyspaces/${keyspaces[0]?.name ?? 'default'}/keys/hello -d world`,
    `status  http://${address}/v1/cluster/status`,
    `metrics http://${address}/metrics`,
    `api     http://${address}/openapi.json`,
    '',
  ].join('\n');
}
