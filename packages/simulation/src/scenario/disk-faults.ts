/** Carries out the faults of disks: they fill up, bits in them turn over, and one may be emptied while its node is down. */
import type { SimulatedNode } from '../cluster/simulated-node.ts';
import { totalPowerLoss } from '../world/disk/crash.ts';
import type { RotRules } from '../world/disk/bit-rot.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';
import type { DiskFullEpisode, RotEpisode, WipeEpisode } from './fault-plan.ts';

/** A segment of the commit log ends where the last crash tore it. */
const rules: RotRules = { mayBeTorn: (path) => path.endsWith('.log') };

export class DiskFaults {
  readonly #world: World;
  readonly #nodes: ReadonlyMap<string, SimulatedNode>;
  readonly #random: SeededRandom;
  /** How many episodes keep a disk full. */
  readonly #full = new Map<SimulatedNode, number>();

  constructor(world: World, nodes: ReadonlyMap<string, SimulatedNode>) {
    this.#world = world;
    this.#nodes = nodes;
    this.#random = world.random.fork('disk-faults');
    for (const { machine } of nodes.values()) {
      machine.disk.space.onRefused(() => world.faults.fired('disk-full'));
      machine.disk.rot.onTurned(() => world.faults.fired('bit-rot'));
    }
  }

  fill({ machines, pages }: DiskFullEpisode): void {
    for (const node of this.#named(machines)) {
      this.#full.set(node, (this.#full.get(node) ?? 0) + 1);
      node.machine.disk.space.limit(pages);
    }
  }

  makeRoom({ machines }: DiskFullEpisode): void {
    for (const node of this.#named(machines)) {
      const left = (this.#full.get(node) ?? 1) - 1;
      this.#full.set(node, left);
      if (left === 0) node.machine.disk.space.lift();
    }
  }

  beginRot({ machine, bits, readChance }: RotEpisode): void {
    for (const node of this.#named([machine])) {
      const { disk } = node.machine;
      for (let bit = 0; bit < bits; bit += 1) disk.rot.turnOne(disk.files(), this.#random, rules);
      if (readChance > 0) disk.rot.beginReads(this.#random, readChance, rules);
    }
  }

  endRot({ machine }: RotEpisode): void {
    for (const node of this.#named([machine])) node.machine.disk.rot.endReads();
  }

  /** Cuts its power and takes everything away. */
  wipe({ machine }: WipeEpisode): void {
    for (const node of this.#named([machine])) {
      if (node.machine.running) node.crash(totalPowerLoss);
      node.machine.disk.wipe();
      this.#world.faults.fired('wipe');
    }
  }

  /** All disks have room, and none rots any further. */
  heal(): void {
    for (const { machine } of this.#nodes.values()) {
      machine.disk.space.lift();
      machine.disk.rot.endReads();
    }
  }

  #named(machines: readonly string[]): SimulatedNode[] {
    return machines.flatMap((name) => this.#nodes.get(name) ?? []);
  }
}
