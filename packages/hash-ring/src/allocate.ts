/**
 * The allocator of equal partitions (Dynamo §6.2, strategy 3): partitions are fixed, each is one virtual node, and a
 * server owns as many as its weight says. Which ones decides about balance, since a server also holds copies of the
 * partitions before its own, as far back as the walks reach it; so the owner table is arranged until copies follow the
 * weights too.
 */
import { changedOwners } from './allocation/changed-owners.ts';
import { balanceFresh, strewn } from './allocation/fresh-owners.ts';
import { type Before, type Goals, tolerance } from './allocation/goals.ts';
import { type PrimaryQuotas, primaryQuotas } from './allocation/primary-quotas.ts';
import { RandomSequence } from './allocation/random-sequence.ts';
import { type Copies, zoneCounts } from './copies.ts';
import { RingError } from './errors.ts';
import { idealsOf } from './ideal-copies.ts';
import { checkPartitions, Ring } from './ring.ts';
import { orderedServers, type Server } from './server.ts';
import { type SpreadRule, spreadRule } from './spread-rule.ts';

export interface AllocateOptions {
  readonly servers: readonly Server[];
  /**
   * Equal partitions of the ring, a power of two up to 65,536; default 256, or those of `previous`. Fixed for the life
   * of a cluster. Many per server balance better; each costs an entry in every table that is kept by partition.
   */
  readonly partitions?: number;
  /** The copies that are to be balanced, default 3. Lists for other counts can be had, and are balanced less well. */
  readonly copies?: Copies;
  /** The ring now: the new one keeps what it can of it. It may have other servers, weights, racks. */
  readonly previous?: Ring;
}

export function allocate(options: AllocateOptions): Ring {
  const servers = orderedServers(options.servers);
  const partitions = options.partitions ?? options.previous?.partitions ?? 256;
  const copies = options.copies ?? 3;
  checkPartitions(partitions);
  zoneCounts(copies);
  const previous = options.previous;
  if (previous !== undefined && !(previous.equal && previous.partitions === partitions)) {
    const got = `${previous.partitions} ${previous.equal ? 'equal' : 'hashed'} ones`;
    throw new RingError('RINGS_DIFFER', `the previous ring must have ${partitions} equal partitions, got ${got}`);
  }
  if (previous !== undefined && isSame(previous.servers, servers)) return previous;
  const owners = previous === undefined ? fresh(servers, partitions, copies) : changed(servers, previous, copies);
  return new Ring(servers, Uint16Array.from(owners));
}

function fresh(servers: readonly Server[], partitions: number, copies: Copies): Int32Array {
  const quotas = primaryQuotas(servers, partitions, new Int32Array(servers.length));
  const random = new RandomSequence(1);
  const ideals = idealsOf(servers, partitions, copies);
  const goals = {
    quotas,
    ideals,
    tolerances: ideals.map(tolerance),
    before: undefined,
    quotaWeight: 1,
    movementWeight: 1,
  };
  return balanceFresh(strewn(quotas.quota, random), ruleOf(servers, copies, quotas), goals, random);
}

function changed(servers: readonly Server[], previous: Ring, copies: Copies): Int32Array {
  const place = new Map(servers.map((server, index) => [server.id, index]));
  const table = previous.owners();
  const owners = Int32Array.from(table, (owner) => place.get(previous.servers[owner]?.id ?? '') ?? -1);
  const owned = new Int32Array(servers.length);
  for (const owner of owners) if (owner >= 0) owned[owner] = (owned[owner] ?? 0) + 1;
  const quotas = primaryQuotas(servers, previous.partitions, owned);
  const ideals = idealsOf(servers, previous.partitions, copies);
  const before = keep(servers, previous, copies, owners, ideals);
  const tolerances = ideals.map((ideal, i) =>
    before.gains[i] === 1 ? gainTolerance(ideal, copies) : tolerance(ideal),
  );
  const goals: Goals = { quotas, ideals, tolerances, before, quotaWeight: 1, movementWeight: 1 };
  return changedOwners(goals, ruleOf(servers, copies, quotas), new RandomSequence(99));
}

/** Copies that a joiner gets beyond its ideal are movement too: it is held closer to it than the others. */
function gainTolerance(ideal: number, copies: Copies): number {
  const count = zoneCounts(copies).reduce((sum, zone) => sum + zone.copies, 0);
  return Math.max(0.03 * ideal, Math.min(2, (count + 1) / 2));
}

function keep(
  servers: readonly Server[],
  previous: Ring,
  copies: Copies,
  owners: Int32Array,
  ideals: Float64Array,
): Before {
  const place = new Map(servers.map((server, index) => [server.id, index]));
  const held = new Uint8Array(previous.partitions * servers.length);
  const lists = previous.preferenceLists(copies);
  let forced = 0;
  for (let partition = 0; partition < previous.partitions; partition++) {
    for (const { id } of lists.of(partition)) {
      const server = place.get(id);
      if (server === undefined) forced++;
      else held[partition * servers.length + server] = 1;
    }
  }
  const idealBefore = idealsOf(previous.servers, previous.partitions, copies);
  const earlier = new Map(previous.servers.map((server, i) => [server.id, { server, ideal: idealBefore[i] ?? 0 }]));
  let increase = 0;
  let gained = 0;
  const gains = Uint8Array.from(servers, (server, i) => {
    const was = earlier.get(server.id);
    const more = Math.max(0, (ideals[i] ?? 0) - (was?.ideal ?? 0));
    const gainer = was === undefined || server.weight > was.server.weight;
    increase += more;
    if (gainer) gained += more;
    return gainer ? 1 : 0;
  });
  const count = zoneCounts(copies).reduce((sum, zone) => sum + zone.copies, 0);
  const spare = Math.max(1.05 * increase, increase + count) - forced - gained;
  const budget = gains.includes(1) && forced === 0 ? 0.025 * gained : spare;
  return { owners, held, forced, gains, budget: Math.max(0, Math.floor(budget)) };
}

function ruleOf(servers: readonly Server[], copies: Copies, quotas: PrimaryQuotas): SpreadRule {
  return spreadRule(servers, copies, (index) => (quotas.quota[index] ?? 0) > 0);
}

function isSame(some: readonly Server[], others: readonly Server[]): boolean {
  const text = (server: Server): string =>
    JSON.stringify([server.id, server.weight, server.rack ?? null, server.dataCentre ?? null]);
  return some.length === others.length && some.every((server, i) => text(server) === text(others[i] ?? server));
}
