/** `GET /v1/keyspaces/{keyspace}/keys`: the keys of a keyspace, page by page. */
import type { HttpBindings } from '@hono/node-server';
import type { ClusterNode, ScanResult } from '@kv/cluster-node';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import { admitScan } from './admitted.ts';
import type { NameOf } from './key-answers.ts';
import { memberKnowing } from './member-knowing.ts';
import { pageAnswer } from './scan-answers.ts';
import { describeScan } from './scan-openapi.ts';
import { readPageRequest } from './scan-request.ts';

export interface ScanRoutesDependencies {
  /** @throws Problem NOT_READY while there is no member */
  readonly member: () => Pick<ClusterNode, 'scan' | 'topology' | 'refreshTopology' | 'admission'>;
  readonly nameOf: NameOf;
}

export function addScanRoutes(app: Hono<{ Bindings: HttpBindings }>, { member, nameOf }: ScanRoutesDependencies): void {
  app.get('/v1/keyspaces/:keyspace/keys', describeRoute(describeScan), async (context) => {
    const { encoding, ...request } = readPageRequest(context.env.incoming);
    const coordinator = await memberKnowing(member(), request.keyspace);
    admitScan(context.env, coordinator.admission);
    const result = await new Promise<ScanResult>((resolve) => coordinator.scan(request, resolve));
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
    return new Response(pageAnswer(result, encoding, nameOf), { headers });
  });
}
