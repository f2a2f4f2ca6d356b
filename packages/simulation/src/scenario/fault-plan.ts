/** The faults of one run as a list of timed decisions, drawn from the seed before it begins. */
import { processCrash, type CrashOutcome, totalPowerLoss } from '../world/disk/crash.ts';
import type { DiskCallKind } from '../world/disk/disk-calls.ts';
import type { FaultKind } from '../world/fault-log.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

export type Direction = readonly [from: string, to: string];

interface Span {
  /** Virtual milliseconds from the beginning of the faults. */
  readonly at: number;
  readonly until: number;
}

/** A fault that waits, from `at`, for an operation to be under way: one that hits an idle cluster tells little. */
interface Strike extends Span {
  /** Virtual milliseconds from the beginning of that operation. */
  readonly strikeAfterMs: number;
}

/** Frames are hit by chance, everywhere or on some links only. */
export interface NoiseEpisode extends Span {
  readonly kind: 'loss' | 'duplication' | 'reordering' | 'delay';
  readonly links: readonly Direction[] | undefined;
  readonly chance: number;
  /** Mean, of a delay. */
  readonly delayMs: number;
}

/** Nothing passes from one address to another, for each of the pairs; a `delay` holds frames back instead. */
export interface CutEpisode extends Strike {
  readonly kind: 'one-way-cut' | 'partition' | 'delay';
  readonly pairs: readonly Direction[];
}

export interface PauseEpisode extends Strike {
  readonly kind: 'pause';
  readonly machine: string;
}

/** The wall clock runs fast or slow from `at` until `until`, and keeps what it gained. */
export interface SkewEpisode extends Strike {
  readonly kind: 'clock-skew';
  readonly machine: string;
  readonly drift: number;
}

export interface JumpEpisode extends Strike {
  readonly kind: 'clock-jump';
  readonly machine: string;
  readonly byMs: number;
}

/** Machines lose power together, and are started again `downMs` later. */
export interface CrashEpisode extends Span {
  readonly kind: 'crash';
  /** Waits for a disk call of this kind, on any node: the moment at which there is something to lose. */
  readonly during: DiskCallKind;
  /** How many nodes crash: the one that made the call, and the first of the others. */
  readonly count: number;
  readonly others: readonly string[];
  readonly downMs: number;
  readonly outcome: CrashOutcome;
}

/** Disks take so many more pages and then no more, from `at` until `until`. */
export interface DiskFullEpisode extends Strike {
  readonly kind: 'disk-full';
  readonly machines: readonly string[];
  readonly pages: number;
}

/** Bits turn over in files at rest, at once, and in what reads bring, from `at` until `until`. */
export interface RotEpisode extends Strike {
  readonly kind: 'bit-rot';
  readonly machine: string;
  /** How many at rest. */
  readonly bits: number;
  /** Chance of each read. */
  readonly readChance: number;
}

/** A machine loses power and all that is on its disk, and is started again `downMs` later. */
export interface WipeEpisode extends Strike {
  readonly kind: 'wipe';
  readonly machine: string;
  readonly downMs: number;
}

export type FaultEpisode =
  | NoiseEpisode
  | CutEpisode
  | PauseEpisode
  | SkewEpisode
  | JumpEpisode
  | CrashEpisode
  | DiskFullEpisode
  | RotEpisode
  | WipeEpisode;

/** The kinds that are planned; the others of `FaultKind` are what a crash brings with it. */
export type PlannedKind = Exclude<FaultKind, 'lost-bytes' | 'lost-entries' | 'torn-write' | 'restart'>;

export const plannedKinds: readonly PlannedKind[] = [
  'loss',
  'delay',
  'duplication',
  'reordering',
  'one-way-cut',
  'partition',
  'pause',
  'clock-skew',
  'clock-jump',
  'crash',
  'disk-full',
  'bit-rot',
  'wipe',
];

export interface FaultPlanRequest {
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
  /** The one machine whose disk may be damaged or emptied: all that was acknowledged is elsewhere too. */
  readonly casualty: string | undefined;
  /** The faults begin and end within so many virtual milliseconds. */
  readonly durationMs: number;
  /** Kinds that are left out, to see which of them a violation needs. */
  readonly without?: ReadonlySet<PlannedKind>;
}

/** Chance of a kind to be part of a run at all. */
const kindChance = 0.5;
/**
 * A crash brings four kinds with it, each of them only now and then. A disk may be damaged or emptied only where every
 * keyspace can do without it, which in a run with several is so in a third of the seeds.
 */
const chances: Partial<Record<PlannedKind, number>> = { crash: 0.65, 'bit-rot': 0.7, wipe: 0.5 };

/** The most episodes of a kind in a run. */
const most: Partial<Record<PlannedKind, number>> = { crash: 30, 'clock-jump': 30, wipe: 1 };

/** In the order of their beginning. Each kind is drawn from a stream of its own: leaving one out changes no other. */
export function drawFaultPlan(random: SeededRandom, request: FaultPlanRequest): FaultEpisode[] {
  const episodes = plannedKinds.flatMap((kind) => {
    const stream = random.fork(kind);
    const chosen = stream.chance(chances[kind] ?? kindChance);
    return chosen && request.without?.has(kind) !== true ? drawEpisodes(kind, stream, request) : [];
  });
  return episodes.sort((a, b) => a.at - b.at);
}

function drawEpisodes(kind: PlannedKind, random: SeededRandom, request: FaultPlanRequest): FaultEpisode[] {
  const count = Math.round(random.logBetween(1, most[kind] ?? 6));
  return Array.from({ length: count }, () => drawEpisode(kind, random, request)).flat();
}

function drawEpisode(kind: PlannedKind, random: SeededRandom, request: FaultPlanRequest): FaultEpisode | [] {
  const span = drawSpan(random, request.durationMs);
  const strike = { ...span, strikeAfterMs: random.logBetween(0.05, 20) };
  const machine = random.pick(request.nodes);
  switch (kind) {
    case 'loss':
    case 'duplication':
    case 'reordering':
      return { kind, ...span, ...drawNoise(random, request), delayMs: 0 };
    case 'delay':
      return random.chance(0.5)
        ? { kind, ...span, ...drawNoise(random, request), delayMs: random.logBetween(5, 2000) }
        : { kind, ...strike, pairs: drawPairs(random, request) };
    case 'one-way-cut':
      return { kind, ...strike, pairs: drawPairs(random, request) };
    case 'partition':
      return { kind, ...strike, pairs: drawPartition(random, request) };
    case 'pause':
      return { kind, ...strike, until: span.at + random.logBetween(50, 10_000), machine };
    case 'clock-skew':
      return {
        kind,
        ...strike,
        machine: anyMachine(random, request),
        drift: signed(random, random.logBetween(0.0005, 0.5)),
      };
    case 'clock-jump':
      return { kind, ...strike, until: span.at, machine, byMs: signed(random, random.logBetween(5, 60_000)) };
    case 'crash':
      return drawCrash(random, request, span.at);
    case 'disk-full': {
      const machines = random.shuffled(request.nodes).slice(0, random.pick([1, 1, 1, 2, request.nodes.length]));
      return { kind, ...strike, machines, pages: Math.floor(random.logBetween(1, 60)) - 1 };
    }
    case 'bit-rot':
    case 'wipe':
      return request.casualty === undefined ? [] : drawDamage(kind, random, strike, request.casualty);
  }
}

function drawDamage(
  kind: 'bit-rot' | 'wipe',
  random: SeededRandom,
  strike: Strike,
  machine: string,
): RotEpisode | WipeEpisode {
  const downMs = random.logBetween(10, 15_000);
  if (kind === 'wipe') return { kind, ...strike, until: strike.at + downMs, machine, downMs };
  const [atRest, onRead] = random.pick([
    [true, false],
    [false, true],
    [true, true],
  ]);
  const bits = Math.round(random.logBetween(1, 20));
  const readChance = random.logBetween(0.001, 0.2);
  return { kind, ...strike, machine, bits: atRest ? bits : 0, readChance: onRead ? readChance : 0 };
}

function drawCrash(random: SeededRandom, { nodes, durationMs }: FaultPlanRequest, at: number): CrashEpisode {
  const downMs = random.logBetween(10, 15_000);
  const subset = {
    pageReached: random.next(),
    pageTorn: random.next(),
    sizeReached: random.next(),
    entryReached: random.next(),
  };
  return {
    kind: 'crash',
    at,
    until: Math.min(durationMs, at + downMs),
    count: random.pick([1, 1, 1, 2, nodes.length]),
    others: random.shuffled(nodes),
    during: random.pick([
      'sync',
      'sync',
      'sync',
      'write',
      'sync-directory',
      'sync-directory',
      'rename',
      'open',
      'remove',
    ]),
    downMs,
    outcome: random.pick([subset, subset, subset, totalPowerLoss, processCrash]),
  };
}

function drawSpan(random: SeededRandom, durationMs: number): Span {
  const at = random.between(0, 0.8 * durationMs);
  return { at, until: Math.min(durationMs, at + random.logBetween(200, durationMs)) };
}

/** A little everywhere, or a lot on a few links: one replica then misses what the others hear. */
function drawNoise(random: SeededRandom, request: FaultPlanRequest): Pick<NoiseEpisode, 'chance' | 'links'> {
  const links = drawPairs(random, request);
  return random.chance(0.5)
    ? { chance: random.logBetween(0.002, 0.3), links: undefined }
    : { chance: random.between(0.2, 0.95), links };
}

/** A few directions, or all from one node, or all to one; among nodes, and now and then clients. */
function drawPairs(random: SeededRandom, { nodes, clients }: FaultPlanRequest): Direction[] {
  const all = random.chance(0.8) ? nodes : [...nodes, ...clients];
  const shape = random.pick(['few', 'from', 'to'] as const);
  const [one = '', ...others] = random.shuffled(all);
  const few = Array.from({ length: random.integer(1, nodes.length) }, () => random.shuffled(all));
  switch (shape) {
    case 'few':
      return few.map(([from = '', to = '']) => [from, to]);
    case 'from':
      return others.map((to) => [one, to]);
    case 'to':
      return others.map((from) => [from, one]);
  }
}

/** Every direction between two sides; the clients are on either. */
function drawPartition(random: SeededRandom, { nodes, clients }: FaultPlanRequest): Direction[] {
  const shuffled = random.shuffled(nodes);
  const cut = random.integer(1, nodes.length - 1);
  const side = new Set([...shuffled.slice(0, cut), ...clients.filter(() => random.chance(0.5))]);
  const all = [...nodes, ...clients];
  return all.flatMap((from) => all.filter((to) => side.has(from) !== side.has(to)).map((to): Direction => [from, to]));
}

function anyMachine(random: SeededRandom, { nodes, clients }: FaultPlanRequest): string {
  return random.pick([...nodes, ...nodes, ...clients]);
}

function signed(random: SeededRandom, amount: number): number {
  return random.chance(0.5) ? amount : -amount;
}
