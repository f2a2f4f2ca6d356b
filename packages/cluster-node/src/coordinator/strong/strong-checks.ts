/** What a request for a strong keyspace may not ask for, and where requests of one mode meet a keyspace of the other. */
import type { KeyspaceMode, TopologyKeyspace } from '@kv/wire';
import { RequestError } from '../../errors.ts';
import type { RequestOptions } from '../../requests.ts';
import type { Topology } from '../../topology/topology.ts';
import { planRequest, type Reach, type RequestPlan } from '../request-plan.ts';

/** @throws RequestError when the key or the keyspace cannot be, or a number of replicas, a level or fallbacks are asked for */
export function planStrong(
  topology: Topology,
  request: RequestOptions,
  { r }: { readonly r?: number | undefined },
  reach: Reach,
): RequestPlan {
  const { keyspace: name, level, sloppy } = request;
  const isRefused =
    (r !== undefined || level !== undefined || sloppy === true) && topology.keyspace(name)?.mode === 'strong';
  if (isRefused) {
    const asked = r !== undefined ? `r=${r}` : level !== undefined ? `level=${level}` : 'sloppy=true';
    throw notSupported(`keyspace ${name} is strong: a majority of its owners always answers, got ${asked}`);
  }
  const plan = planRequest(topology, { ...request, level: undefined }, { name: 'r', level: 'quorum' }, reach);
  checkMode(plan.keyspace, 'strong');
  return plan;
}

/** @throws RequestError NOT_SUPPORTED */
export function checkMode({ name, mode }: TopologyKeyspace, needed: KeyspaceMode): void {
  if (mode === needed) return;
  throw notSupported(
    mode === 'strong'
      ? `keyspace ${name} is strong: its keys are written by changes, not by puts and deletes`
      : `keyspace ${name} is eventual: changes and their conditions need a strong one`,
  );
}

function notSupported(message: string): RequestError {
  return new RequestError('NOT_SUPPORTED', message);
}
