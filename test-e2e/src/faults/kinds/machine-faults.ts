/** What goes wrong with one member's machine: its process, its clock, its disk. */
import { setTimeout as delay } from 'node:timers/promises';
import { whyNoFakedClock } from '../cluster/faked-clock.ts';
import type { FaultyNode } from '../cluster/faulty-node.ts';
import { whyNoSmallDisk } from '../cluster/small-disk.ts';
import type { Fault, Strike } from './fault.ts';

/** SIGSTOP: the process stands still while the kernel keeps its connections. */
export const pause: Fault = {
  kind: 'pause',
  lane: 'machine',
  lasts: { least: 5_000, most: 30_000 },
  async begin({ nodes }, random) {
    const node = random.pick(nodes);
    node.node.kill('SIGSTOP');
    return {
      what: node.name,
      async end() {
        const silent = (await node.ask('/livez')) === undefined;
        node.node.kill('SIGCONT');
        return silent;
      },
    };
  },
};

const longestJumpMs = 60_000;

/** The wall clock jumps by up to a minute, and back again at the end. */
export const wrongClock: Fault = {
  kind: 'wrong clock',
  lane: 'machine',
  lacks: whyNoFakedClock,
  lasts: { least: 4_000, most: 15_000 },
  async begin({ nodes }, random) {
    const node = random.pick(nodes);
    const byMs = random.chance(0.5) ? longestJumpMs : Math.round(random.logBetween(3_000, longestJumpMs));
    const aheadMs = byMs * random.pick([1, -1]);
    node.clock?.set(aheadMs);
    return {
      what: `${node.name} ${aheadMs > 0 ? '+' : ''}${aheadMs} ms`,
      async end() {
        const shown = await clockOf(node);
        node.clock?.set(0);
        // The Date header has whole seconds.
        return shown !== undefined && Math.abs(shown - aheadMs) < 2_000;
      },
    };
  },
};

/** `kill -9` of one. */
export const killOne: Fault = {
  kind: 'kill -9 of one',
  lane: 'machine',
  lasts: { least: 1_000, most: 10_000 },
  begin: ({ nodes }, random) => kill([random.pick(nodes)]),
};

/** `kill -9` of all at once. */
export const killAll: Fault = {
  kind: 'kill -9 of all',
  lane: 'machine',
  lasts: { least: 200, most: 2_000 },
  begin: ({ nodes }) => kill(nodes),
};

async function kill(nodes: readonly FaultyNode[]): Promise<Strike> {
  await Promise.all(nodes.map((node) => node.kill()));
  return {
    what: nodes.map(({ name }) => name).join(', '),
    async end() {
      const silent = await Promise.all(nodes.map(async (node) => (await node.ask('/livez')) === undefined));
      await Promise.all(nodes.map((node) => node.start()));
      return silent.every(Boolean);
    },
  };
}

/** One member's disk is full to the last block; then there is room again, and nobody does anything else about it. */
export const fullDisk: Fault = {
  kind: 'full disk',
  lane: 'machine',
  lacks: whyNoSmallDisk,
  lasts: { least: 4_000, most: 15_000 },
  async begin({ nodes }) {
    const node = nodes.find(({ disk }) => disk !== undefined);
    if (node?.disk === undefined) throw new Error('no member has a small disk');
    const { disk } = node;
    const before = await diskStatusOf(node);
    await disk.fill();
    const refuses = async (): Promise<boolean> => (await diskStatusOf(node)).refusals > before.refusals;
    // Its log has room ahead of what is written, which must be used up first.
    const deadline = performance.now() + fillsWithinMs;
    while (!(await refuses()) && performance.now() < deadline) await delay(100);
    return {
      what: node.name,
      async end() {
        const tookEffect = await refuses();
        await disk.free();
        await takesWritesAgain(node);
        return tookEffect;
      },
    };
  },
};

interface DiskStatus {
  /** Writes that the member refused because its disk was full. */
  readonly refusals: number;
  readonly isFull: boolean;
}

async function diskStatusOf(node: FaultyNode): Promise<DiskStatus> {
  const answer = await node.ask('/v1/cluster/status');
  const status = (await answer?.json()) as { diskFullForMs?: number; counters?: Record<string, number> } | undefined;
  return { refusals: status?.counters?.['diskFullRefusals'] ?? 0, isFull: status?.diskFullForMs !== undefined };
}

const fillsWithinMs = 20_000;
/** Longer than it takes a member to look again whether there is room. */
const recoversWithinMs = 30_000;

async function takesWritesAgain(node: FaultyNode): Promise<void> {
  const deadline = performance.now() + recoversWithinMs;
  while ((await diskStatusOf(node)).isFull) {
    if (performance.now() > deadline) throw new Error(`${node.name} has room again, and still refuses writes`);
    await delay(100);
  }
}

/** How far a member's wall clock is ahead, in milliseconds, to about a second. */
async function clockOf(node: FaultyNode): Promise<number | undefined> {
  const answer = await node.ask('/livez');
  const shown = Date.parse(answer?.headers.get('date') ?? '');
  return Number.isNaN(shown) ? undefined : shown - Date.now();
}
