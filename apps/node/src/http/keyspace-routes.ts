/** `GET /v1/keyspaces` and `GET PUT PATCH DELETE /v1/keyspaces/{keyspace}`: what keyspaces there are, and their lives. */
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { ClusterNode, TopologyChangeResult } from '@kv/cluster-node';
import { majority } from '@kv/quorum';
import type { KeyspaceChange, TopologyKeyspace, TopologyState } from '@kv/wire';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { z } from 'zod';
import { readBoundedBody } from './bounded-body.ts';
import { timeoutOf } from './key-request.ts';
import {
  changesSchema,
  creationSchema,
  describeAlter,
  describeCreate,
  describeDrop,
  describeKeyspace,
  describeKeyspaces,
} from './keyspace-openapi.ts';
import { memberKnowing } from './member-knowing.ts';
import { Problem, withOutcome } from './problem-details.ts';
import { headerJson } from './receipt-header.ts';
import { keyspaceAddress, parseRequestTarget } from './request-target.ts';

export interface KeyspaceRoutesDependencies {
  /** @throws Problem NOT_READY while there is no member */
  readonly member: () => Pick<ClusterNode, 'topology' | 'refreshTopology' | 'changeKeyspace'>;
}

/** A description of a keyspace is a few words long. */
const maxBodyBytes = 64 * 1024;
const defaultTimeoutMs = 5000;

const keyspacesPath = '/v1/keyspaces';
const keyspacePath = '/v1/keyspaces/:keyspace';

export function addKeyspaceRoutes(app: Hono<{ Bindings: HttpBindings }>, { member }: KeyspaceRoutesDependencies): void {
  app.get(keyspacesPath, describeRoute(describeKeyspaces), (context) => {
    readParameters(context.env.incoming, []);
    const { epoch, keyspaces } = member().topology.state;
    return context.json({ epoch, keyspaces });
  });

  app.get(keyspacePath, describeRoute(describeKeyspace), async (context) => {
    const { name } = readParameters(context.env.incoming, []);
    const { topology } = await memberKnowing(member(), name);
    return context.json(keyspaceIn(topology.state, name));
  });

  app.put(keyspacePath, describeRoute(describeCreate), async (context) => {
    const { incoming } = context.env;
    const { name, timeoutMs } = readParameters(incoming, ['timeout']);
    const { replicas, ...settings } = await readSettings(incoming, creationSchema);
    const change = { kind: 'create', name, ...(replicas !== undefined && { replicas }), settings } as const;
    const { topology, behind } = await changed(member(), incoming, change, timeoutMs);
    return context.json(keyspaceIn(topology, name), behind === undefined ? 201 : 202, { ...behind });
  });

  app.patch(keyspacePath, describeRoute(describeAlter), async (context) => {
    const { incoming } = context.env;
    const { name, timeoutMs } = readParameters(incoming, ['timeout']);
    const { replicas, ttlMs, ...rest } = await readSettings(incoming, changesSchema);
    const settings = { ...rest, ...(ttlMs !== undefined && { ttlMs: ttlMs ?? 0 }) };
    const change = { kind: 'alter', name, ...(replicas !== undefined && { replicas }), settings } as const;
    const { topology, behind } = await changed(member(), incoming, change, timeoutMs);
    return context.json(keyspaceIn(topology, name), behind === undefined ? 200 : 202, { ...behind });
  });

  app.delete(keyspacePath, describeRoute(describeDrop), async (context) => {
    const { incoming } = context.env;
    const { name, timeoutMs, parameters } = readParameters(incoming, ['timeout', 'confirm']);
    if (parameters.get('confirm') !== name) {
      throw new Problem('CONFIRMATION_NEEDED', `this erases all that is in it: say so with ?confirm=${name}`);
    }
    const { behind } = await changed(member(), incoming, { kind: 'drop', name }, timeoutMs);
    return context.body(null, behind === undefined ? 204 : 202, { ...behind });
  });
}

interface Changed {
  readonly topology: TopologyState;
  /** The header that names the members which are not known to go by it yet. */
  readonly behind: { readonly 'kv-behind': string } | undefined;
}

async function changed(
  member: Pick<ClusterNode, 'changeKeyspace' | 'topology'>,
  incoming: IncomingMessage,
  change: KeyspaceChange,
  timeoutMs: number,
): Promise<Changed> {
  const request = { id: changeId(incoming), change, timeoutMs };
  const result = await new Promise<TopologyChangeResult>((resolve) => member.changeKeyspace(request, resolve));
  switch (result.outcome) {
    case 'changed':
      return { topology: result.topology, behind: behindHeader(result) };
    case 'refused':
      throw result.error;
    case 'unavailable':
      throw new Problem(
        'TOO_FEW_VOTERS',
        `${votersNeeded(member.topology)} can be reached; nothing was changed`,
        withOutcome('rejected'),
      );
    case 'unknown':
      throw new Problem(
        'CHANGE_UNKNOWN',
        'the change may be decided, now or later; ask again to see',
        withOutcome('unknown'),
      );
  }
}

function votersNeeded({ state: { voters, members } }: ClusterNode['topology']): string {
  const names = members.flatMap(({ id, name }) => (voters.includes(id) ? [name] : []));
  return `${majority(voters.length)} of ${names.join(', ')} decide about the topology, and fewer`;
}

function behindHeader({
  topology: { members },
  behind,
}: Pick<TopologyChangeResult & { readonly outcome: 'changed' }, 'topology' | 'behind'>): Changed['behind'] {
  if (behind.length === 0) return undefined;
  return { 'kv-behind': headerJson(members.flatMap(({ id, name }) => (behind.includes(id) ? [name] : []))) };
}

/** Under the same id a change that was made is not made again; without one it is not tried again. */
function changeId({ headers }: IncomingMessage): string | undefined {
  const given = headers['idempotency-key'];
  return typeof given === 'string' ? given : given?.join();
}

async function readSettings<Schema extends z.ZodType>(
  incoming: IncomingMessage,
  schema: Schema,
): Promise<z.output<Schema>> {
  const bytes = await readBoundedBody(incoming, maxBodyBytes);
  const { data, error } = schema.safeParse(bytes.length === 0 ? {} : parseJson(bytes));
  if (data !== undefined) return data;
  const faults = (error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}`.trim());
  throw new Problem('MALFORMED_BODY', faults.join('; '));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem('MALFORMED_BODY', 'the body must be JSON', { cause });
  }
}

function readParameters(
  incoming: IncomingMessage,
  known: readonly string[],
): { name: string; timeoutMs: number; parameters: ReadonlyMap<string, string> } {
  const { path, parameters } = parseRequestTarget(incoming.url ?? '');
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    const takes = known.length === 0 ? 'no parameters' : known.join(', ');
    throw new Problem('UNKNOWN_PARAMETER', `this request takes ${takes}, got ${JSON.stringify(name)}`);
  }
  return { name: keyspaceAddress(path), timeoutMs: timeoutOf(parameters) ?? defaultTimeoutMs, parameters };
}

function keyspaceIn({ keyspaces }: TopologyState, name: string): TopologyKeyspace {
  const keyspace = keyspaces.find((candidate) => candidate.name === name);
  if (keyspace !== undefined) return keyspace;
  throw new Problem('UNKNOWN_KEYSPACE', `there is no keyspace ${JSON.stringify(name)}`);
}
