/**
 * Somebody who makes, alters and drops keyspaces while clients work and the nemesis does too, now and then at two nodes at
 * once. The keyspaces of the workload are altered only in what its requests do not depend on: what counts is that each
 * change is an epoch, behind whose fence every request under way has to be planned again.
 */
import { type ClusterNode, rememberedId } from '@kv/cluster-node';
import { changeIdAt, type KeyspaceChange } from '@kv/wire';
import type { OneTopology } from '../checkers/one-topology.ts';
import type { SimulatedNode } from '../cluster/simulated-node.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';

export interface AdministratorDependencies {
  readonly world: World;
  readonly nodes: ReadonlyMap<string, SimulatedNode>;
  readonly random: SeededRandom;
  readonly topologies: OneTopology;
}

/** How often the nodes are asked which topology they go by. */
const lookEveryMs = 250;
const mostChanges = 8;
const timeoutMs = 4000;
const furtherNames = ['further-1', 'further-2', 'further-3'];

export class Administrator {
  readonly #dependencies: AdministratorDependencies;

  constructor(dependencies: AdministratorDependencies) {
    this.#dependencies = dependencies;
  }

  begin(durationMs: number, keyspaces: readonly string[]): void {
    const { random, world } = this.#dependencies;
    const changes = random.chance(0.5) ? random.integer(1, mostChanges) : 0;
    for (let number = 0; number < changes; number += 1) {
      const at = world.now + random.between(0, durationMs);
      const change = this.#drawChange(keyspaces);
      const digits = random.hex(32);
      const node = random.pick([...this.#dependencies.nodes.keys()]);
      world.scheduler.at(at, () => this.#ask(node, digits, change));
    }
    this.#lookLater();
  }

  /** Looks at the topology that every node goes by. */
  look(): void {
    for (const [name, { node }] of this.#dependencies.nodes) {
      if (node === undefined) continue;
      this.#dependencies.topologies.seen(`${name} in its life ${node.hello('node').generation}`, node.topology.state);
    }
  }

  #lookLater(): void {
    const { world } = this.#dependencies;
    world.scheduler.at(world.now + lookEveryMs, () => {
      this.look();
      this.#lookLater();
    });
  }

  #drawChange(keyspaces: readonly string[]): KeyspaceChange {
    const { random } = this.#dependencies;
    const further = random.pick(furtherNames);
    const kind = random.pick(['create', 'create', 'alter', 'alter', 'drop'] as const);
    if (kind === 'drop') return { kind, name: further };
    if (kind === 'create') return { kind, name: further, settings: { ttlMs: random.integer(1, 9) * 100_000 } };
    return { kind, name: random.pick(keyspaces), settings: { compressed: random.chance(0.5) } };
  }

  /** `digits`: of the id of the change, whose time is that of the node. */
  #ask(name: string, digits: string, change: KeyspaceChange): void {
    const { nodes, topologies } = this.#dependencies;
    const { node, machine } = nodes.get(name) ?? {};
    if (node?.ready !== true || machine === undefined) return;
    const ms = machine.wallClock.wallMs();
    const id = changeIdAt(ms, digits);
    node.changeKeyspace({ id, change, timeoutMs }, (result) => {
      topologies.told(
        rememberedId(id, ms, change),
        result.outcome,
        result.outcome === 'changed' ? result.topology : undefined,
      );
      if (result.outcome === 'changed') topologies.toldAs(result.topology, this.#boundBy(node, result.behind));
      this.look();
    });
  }

  /** Who runs, is not believed down by the node that told of a change, and was not named by it as behind. */
  #boundBy(asked: ClusterNode, behind: readonly string[]): { node: string; epoch: number }[] {
    const up = asked.status().members.filter(({ id, state }) => state !== 'down' && !behind.includes(id));
    return [...this.#dependencies.nodes].flatMap(([name, { node }]) =>
      node !== undefined && up.some(({ id }) => id === node.id) ? { node: name, epoch: node.topology.epoch } : [],
    );
  }
}
