/** Carries out a fault plan: begins each episode at its time and ends it, and puts everything right at the end. */
import type { SimulatedNode } from '../cluster/simulated-node.ts';
import type { CrashOutcome } from '../world/disk/crash.ts';
import type { Machine } from '../world/machine.ts';
import type { Block } from '../world/network/link.ts';
import { type NetworkNoise, quietNetwork } from '../world/network/network-options.ts';
import type { World } from '../world/world.ts';
import { DiskFaults } from './disk-faults.ts';
import type {
  CrashEpisode,
  CutEpisode,
  Direction,
  DiskFullEpisode,
  FaultEpisode,
  NoiseEpisode,
  RotEpisode,
  SkewEpisode,
  WipeEpisode,
} from './fault-plan.ts';

/** A fault that waits for an operation, or for a disk call, strikes after so many milliseconds all the same. */
const patienceMs = 10_000;

/** Tells when there is something to hit. */
export interface Prey {
  /** Operations that have begun and not ended. */
  readonly underWay: number;
  /** Calls `work` once, when the next operation has begun. */
  atNextBegin(work: () => void): void;
}

export class Nemesis {
  readonly #world: World;
  readonly #nodes: ReadonlyMap<string, SimulatedNode>;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #active = new Set<FaultEpisode>();
  readonly #blocks = new Set<Block>();
  readonly #noisyLinks: Direction[] = [];
  readonly #prey: Prey;
  readonly #disks: DiskFaults;
  #ended = false;

  /** @param nodes by the name of their machine */
  constructor(world: World, nodes: ReadonlyMap<string, SimulatedNode>, prey: Prey) {
    this.#world = world;
    this.#nodes = nodes;
    this.#prey = prey;
    this.#disks = new DiskFaults(world, nodes);
    this.#machines = new Map(world.machines().map((machine) => [machine.name, machine]));
  }

  /** True while a fault is under way. */
  get active(): boolean {
    return this.#active.size > 0;
  }

  begin(plan: readonly FaultEpisode[]): void {
    for (const episode of plan) {
      this.#world.scheduler.after(episode.at, () => {
        if ('strikeAfterMs' in episode) this.#lieInWait(episode);
        else this.#begin(episode);
      });
    }
  }

  /** Ends every fault: links are mended, pauses end, machines that are down start. Clocks keep what they gained. */
  heal(): void {
    this.#ended = true;
    for (const episode of this.#active)
      if (episode.kind === 'clock-skew') this.#machine(episode.machine).wallClock.drift(0);
    this.#active.clear();
    this.#setNoise();
    for (const block of this.#blocks) this.#world.network.lift(block);
    this.#disks.heal();
    for (const node of this.#nodes.values()) {
      node.machine.incarnation?.resume();
      this.#restart(node);
    }
  }

  #lieInWait(episode: FaultEpisode & { readonly strikeAfterMs: number }): void {
    const { scheduler } = this.#world;
    let waiting = true;
    const strike = (): void => {
      if (!waiting) return;
      waiting = false;
      this.#begin(episode);
    };
    const strikeSoon = (): void => scheduler.after(episode.strikeAfterMs, strike);
    if (this.#prey.underWay > 0) strikeSoon();
    else this.#prey.atNextBegin(strikeSoon);
    scheduler.after(patienceMs, strike);
  }

  #begin(episode: FaultEpisode): void {
    if (this.#ended) return;
    this.#active.add(episode);
    switch (episode.kind) {
      case 'loss':
      case 'duplication':
      case 'reordering':
        this.#makeNoise(episode);
        return;
      case 'delay':
        if ('pairs' in episode) this.#cut(episode, true);
        else this.#makeNoise(episode);
        return;
      case 'one-way-cut':
      case 'partition':
        this.#cut(episode, false);
        return;
      case 'pause':
        this.#pause(episode.machine, () => this.#end(episode), episode.until - episode.at);
        return;
      case 'clock-skew':
        this.#skew(episode);
        return;
      case 'clock-jump':
        this.#machine(episode.machine).wallClock.jump(episode.byMs);
        this.#world.faults.fired('clock-jump');
        this.#active.delete(episode);
        return;
      case 'crash':
        this.#crashSoon(episode);
        return;
      case 'disk-full':
        this.#fill(episode);
        return;
      case 'bit-rot':
        this.#rot(episode);
        return;
      case 'wipe':
        this.#wipe(episode);
        return;
    }
  }

  #end(episode: FaultEpisode): void {
    this.#active.delete(episode);
  }

  #makeNoise(episode: NoiseEpisode): void {
    this.#setNoise();
    this.#later(episode, () => {
      this.#end(episode);
      this.#setNoise();
    });
  }

  /** Everywhere the worst of what is under way there. */
  #setNoise(): void {
    const { network } = this.#world;
    const episodes = [...this.#active].filter(isNoise);
    const everywhere = episodes.filter(({ links }) => links === undefined);
    network.noise = worstOf(everywhere);
    for (const [from, to] of this.#noisyLinks.splice(0)) network.setNoise(from, to, undefined);
    for (const [from, to] of episodes.flatMap(({ links }) => links ?? [])) {
      const here = episodes.filter(({ links }) => links?.some(([a, b]) => a === from && b === to));
      const direction = [this.#addressOf(from), this.#addressOf(to)] as const;
      network.setNoise(...direction, worstOf([...everywhere, ...here]));
      this.#noisyLinks.push(direction);
    }
  }

  #cut(episode: CutEpisode, holds: boolean): void {
    const block: Block = { kind: episode.kind, holds };
    this.#blocks.add(block);
    for (const [from, to] of episode.pairs) {
      this.#world.network.block(block, this.#addressOf(from), this.#addressOf(to));
    }
    this.#later(episode, () => {
      this.#end(episode);
      this.#blocks.delete(block);
      this.#world.network.lift(block);
    });
  }

  #pause(name: string, ended: () => void, forMs: number): void {
    const { incarnation } = this.#machine(name);
    if (incarnation === undefined || incarnation.paused) {
      ended();
      return;
    }
    incarnation.pause();
    this.#world.faults.fired('pause');
    this.#world.scheduler.after(forMs, () => {
      incarnation.resume();
      ended();
    });
  }

  #skew(episode: SkewEpisode): void {
    const { wallClock } = this.#machine(episode.machine);
    wallClock.drift(episode.drift);
    this.#world.faults.fired('clock-skew');
    this.#later(episode, () => {
      wallClock.drift(0);
      this.#end(episode);
    });
  }

  #fill(episode: DiskFullEpisode): void {
    this.#disks.fill(episode);
    this.#later(episode, () => {
      this.#disks.makeRoom(episode);
      this.#end(episode);
    });
  }

  #rot(episode: RotEpisode): void {
    this.#disks.beginRot(episode);
    this.#later(episode, () => {
      this.#disks.endRot(episode);
      this.#end(episode);
    });
  }

  #wipe(episode: WipeEpisode): void {
    this.#disks.wipe(episode);
    this.#world.scheduler.after(episode.downMs, () => {
      const node = this.#nodes.get(episode.machine);
      if (node !== undefined) this.#restart(node);
      this.#end(episode);
    });
  }

  #crashSoon(episode: CrashEpisode): void {
    let waiting = true;
    const strike = (first?: string): void => {
      if (!waiting) return;
      waiting = false;
      const [...names] = new Set([...(first === undefined ? [] : [first]), ...episode.others]);
      this.#crash(episode, names.slice(0, episode.count));
    };
    for (const [name, node] of this.#nodes) {
      node.machine.onDiskCall((kind) => {
        if (waiting && kind === episode.during) this.#world.scheduler.after(0, () => strike(name));
      });
    }
    this.#world.scheduler.after(patienceMs, strike);
  }

  #crash(episode: CrashEpisode, names: readonly string[]): void {
    if (this.#ended) return;
    const nodes = names.flatMap((name) => this.#nodes.get(name) ?? []).filter(({ machine }) => machine.running);
    for (const node of nodes) this.#cutPower(node, episode.outcome);
    this.#world.scheduler.after(episode.downMs, () => {
      for (const node of nodes) this.#restart(node);
      this.#end(episode);
    });
  }

  #cutPower(node: SimulatedNode, outcome: CrashOutcome): void {
    const { faults } = this.#world;
    const losses = node.crash(outcome);
    faults.fired('crash');
    if (losses.bytes > 0) faults.fired('lost-bytes');
    if (losses.entries > 0) faults.fired('lost-entries');
    if (losses.tornPages > 0) faults.fired('torn-write');
  }

  #restart(node: SimulatedNode): void {
    if (node.machine.running || node.isOut) return;
    node.start();
    this.#world.faults.fired('restart');
  }

  #later(episode: FaultEpisode, work: () => void): void {
    this.#world.scheduler.after(episode.until - episode.at, () => {
      if (!this.#ended) work();
    });
  }

  /** A client listens at an address that is its name. */
  #addressOf(name: string): string {
    return this.#nodes.get(name)?.config.address ?? name;
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new TypeError(`there is no machine ${name}`);
    return machine;
  }
}

function worstOf(episodes: readonly NoiseEpisode[]): NetworkNoise {
  const noise = { ...quietNetwork };
  for (const { kind, chance, delayMs } of episodes) {
    noise[kind] = Math.max(noise[kind], chance);
    noise.delayMs = Math.max(noise.delayMs, delayMs);
  }
  return noise;
}

function isNoise(episode: FaultEpisode): episode is NoiseEpisode {
  return 'chance' in episode;
}
