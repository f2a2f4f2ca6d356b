/** What goes wrong between members: links that are cut, both ways or one, and links that are slow. */
import type { SeededRandom } from '@kv/simulation';
import type { FaultyCluster } from '../cluster/faulty-cluster.ts';
import { clients, type Direction, type LinkRule } from '../network/links.ts';
import type { Fault, Strike } from './fault.ts';

const lasts = { least: 5_000, most: 20_000 };

/** Two halves, as even as can be, that do not hear each other; clients reach both. */
export const halves: Fault = {
  kind: 'partition in halves',
  lane: 'network',
  lasts,
  async begin(cluster, random) {
    const names = random.shuffled(namesOf(cluster));
    const half = Math.floor(names.length / 2);
    return strike(cluster, bothWays(names.slice(0, half), names.slice(half)), { type: 'cut' });
  },
};

/** One member alone; every second time its clients do not reach it either. */
export const isolated: Fault = {
  kind: 'one isolated',
  lane: 'network',
  lasts,
  async begin(cluster, random) {
    const { one, others } = pickOne(cluster, random);
    const ends = random.chance(0.5) ? others : [...others, clients];
    return strike(cluster, bothWays([one], ends), { type: 'cut' });
  },
};

/** Some directions between members carry nothing, while the opposite ones do. */
export const oneWay: Fault = {
  kind: 'one-way cut',
  lane: 'network',
  lasts,
  async begin(cluster, random) {
    const { one, others } = pickOne(cluster, random);
    const some = others.slice(0, random.integer(1, others.length));
    const directions = random.chance(0.5)
      ? some.map((to): Direction => [one, to])
      : some.map((from): Direction => [from, one]);
    return strike(cluster, directions, { type: 'cut' });
  },
};

/** All that one member says and hears takes its time. */
export const slow: Fault = {
  kind: 'one slow node',
  lane: 'network',
  lasts,
  async begin(cluster, random) {
    const { one, others } = pickOne(cluster, random);
    const ms = Math.round(random.logBetween(20, 500));
    return strike(cluster, bothWays([one], [...others, clients]), { type: 'delay', ms });
  },
};

function strike({ links }: FaultyCluster, directions: readonly Direction[], rule: LinkRule): Strike {
  const hitBefore = links.hitBytes;
  links.set(directions, rule);
  const how = rule.type === 'delay' ? `${rule.ms} ms` : rule.type;
  return {
    what: `${how}: ${describe(directions)}`,
    async end() {
      links.mend();
      return links.hitBytes > hitBefore;
    },
  };
}

function describe(directions: readonly Direction[]): string {
  const arrows = directions.map(([from, to]) => {
    const isBothWays = directions.some(([a, b]) => a === to && b === from);
    return isBothWays ? [from, to].sort().join(' <> ') : `${from} > ${to}`;
  });
  return [...new Set(arrows)].join(', ');
}

function bothWays(some: readonly string[], others: readonly string[]): Direction[] {
  return some.flatMap((one) =>
    others.flatMap((other): Direction[] => [
      [one, other],
      [other, one],
    ]),
  );
}

function pickOne(cluster: FaultyCluster, random: SeededRandom): { one: string; others: string[] } {
  const [one = '', ...others] = random.shuffled(namesOf(cluster));
  return { one, others };
}

function namesOf({ nodes }: FaultyCluster): string[] {
  return nodes.map(({ name }) => name);
}
