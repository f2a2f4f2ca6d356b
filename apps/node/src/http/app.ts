/** The HTTP application: every route, and what is answered where there is none. */
import type { HttpBindings } from '@hono/node-server';
import type { Log } from '@kv/cluster-node';
import { Hono } from 'hono';
import { addBatchRoutes } from './batch-routes.ts';
import { addClusterRoutes, type ClusterRoutesDependencies } from './cluster-routes.ts';
import { addKeyRoutes, type KeyRoutesDependencies } from './key-routes.ts';
import { addKeyspaceRoutes, type KeyspaceRoutesDependencies } from './keyspace-routes.ts';
import { addMetricsRoute, type MetricsDependencies } from './metrics-route.ts';
import { addOpenApiRoute } from './openapi-route.ts';
import { isProblemCode, Problem, type ProblemCode, withOutcome } from './problem-details.ts';
import { routingPath } from './request-target.ts';
import { addScanRoutes, type ScanRoutesDependencies } from './scan-routes.ts';

export type HttpApp = Hono<{ Bindings: HttpBindings }>;

export interface HttpAppDependencies extends ClusterRoutesDependencies, MetricsDependencies {
  /** @throws Problem NOT_READY while there is no member */
  readonly member: () => ReturnType<KeyRoutesDependencies['member']> &
    ReturnType<KeyspaceRoutesDependencies['member']> &
    ReturnType<ScanRoutesDependencies['member']>;
  readonly nameOf: KeyRoutesDependencies['nameOf'];
  readonly maxValueBytes: number;
  readonly log: Log;
}

export function createHttpApp(dependencies: HttpAppDependencies): HttpApp {
  const app: HttpApp = new Hono<{ Bindings: HttpBindings }>({
    // Hono's own decoding would fold an encoded slash into the path before the router sees it.
    getPath: (_request, options) => routingPath((options?.env as HttpBindings).incoming.url ?? '/'),
  });
  addKeyRoutes(app, dependencies);
  addKeyspaceRoutes(app, dependencies);
  addScanRoutes(app, dependencies);
  addBatchRoutes(app, { ...dependencies, problemOf: (error) => asProblem(error, dependencies.log) });
  addClusterRoutes(app, dependencies);
  addMetricsRoute(app, dependencies);
  addOpenApiRoute(app);
  app.notFound((context) => notFound(app, context.req.path).toResponse());
  app.onError((error) => asProblem(error, dependencies.log).toResponse());
  return app;
}

/** Whatever went wrong, as something that may be told: a defect is logged whole and answered without a word of it. */
export function asProblem(error: unknown, log: Log): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && isProblemCode(error.code)) {
    const outcome = outcomes[error.code];
    return new Problem(error.code, error.message, { cause: error, ...(outcome !== undefined && withOutcome(outcome)) });
  }
  log.error('request-failed', { error });
  return new Problem('INTERNAL_ERROR', 'the request failed on this node; its log says why', { cause: error });
}

/** Of what has another outcome than its status lets think: it was not begun, or is a try of what may have been made. */
const outcomes: Partial<Record<ProblemCode, 'rejected' | 'unknown'>> = {
  BUSY: 'rejected',
  TOO_FEW_VOTERS: 'rejected',
  OPERATION_FORGOTTEN: 'unknown',
};

const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];

function notFound(app: HttpApp, path: string): Problem {
  const allowed = methods.filter((method) => app.router.match(method, path)[0].length > 0);
  if (allowed.length === 0) return new Problem('NOT_FOUND', 'there is nothing at this path; GET / names what there is');
  const list = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return new Problem('METHOD_NOT_ALLOWED', `this path takes ${list}`, { headers: { allow: list } });
}
