/**
 * The clients' share of a run: each begins its operations at times drawn beforehand, one after the other, on keys
 * that it shares with the others.
 */
import { describeAnswer, type OperationIntent } from '../cluster/client-operation.ts';
import { uniqueValue } from '../cluster/fingerprint.ts';
import type { SimulatedClient } from '../cluster/simulated-client.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';
import type { QuorumChoice, WorkloadOptions } from './options.ts';
import type { Recorder } from './recorder.ts';

export interface WorkloadDependencies {
  readonly world: World;
  readonly recorder: Recorder;
  readonly clients: readonly SimulatedClient[];
  readonly random: SeededRandom;
  /** Whether a fault is under way. */
  readonly faultActive: () => boolean;
}

interface PlannedOperation {
  readonly id: string;
  /** Virtual milliseconds from the workload's beginning; it begins later when its client is busy. */
  readonly at: number;
  readonly intent: OperationIntent;
}

export class Workload {
  readonly #dependencies: WorkloadDependencies;
  readonly #options: WorkloadOptions;
  #left: number;

  constructor(dependencies: WorkloadDependencies, options: WorkloadOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#left = options.operations;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  /** The keys that operations may touch. */
  get keys(): string[] {
    return keysOf(this.#options);
  }

  begin(): void {
    const { clients, random } = this.#dependencies;
    const plans = planOperations(
      random,
      this.#options,
      clients.map(({ name }) => name),
    );
    for (const client of clients) this.#next(client, plans.get(client.name) ?? [], this.#dependencies.world.now);
  }

  /** Begins the first of the operations left when its time has come, and the next one when it has ended. */
  #next(client: SimulatedClient, plan: readonly PlannedOperation[], startedAt: number): void {
    const { world, recorder, faultActive } = this.#dependencies;
    const [operation, ...rest] = plan;
    if (operation === undefined) return;
    world.scheduler.at(startedAt + operation.at, () => {
      const { id, intent } = operation;
      const version = client.begin(intent, (result) => {
        world.trace.record(world.now, 'answer', describeAnswer(id, result), result.value);
        end(result, world.now);
        this.#left -= 1;
        this.#next(client, rest, startedAt);
      });
      const duringFaults = faultActive();
      const begun = { id, client: client.name, intent, startedAt: world.now, version, final: false, duringFaults };
      const end = recorder.begin(begun);
    });
  }
}

export function keysOf({ keys }: WorkloadOptions): string[] {
  return Array.from({ length: keys }, (_, index) => `key-${index}`);
}

function planOperations(
  random: SeededRandom,
  options: WorkloadOptions,
  clients: readonly string[],
): Map<string, PlannedOperation[]> {
  const plans = new Map<string, PlannedOperation[]>(clients.map((client) => [client, []]));
  for (const { at, key } of planTimes(random.fork('times'), options)) {
    const client = random.pick(clients);
    const plan = plans.get(client) ?? [];
    const id = `${client}-${plan.length + 1}`;
    plan.push({ id, at, intent: planIntent(random, options, key, id) });
  }
  return plans;
}

/** When each operation begins and on which key, in the order of time. */
function planTimes(random: SeededRandom, options: WorkloadOptions): { at: number; key: string }[] {
  const keys = keysOf(options);
  const bursts = Array.from({ length: options.bursts }, () => {
    return { at: random.between(0, options.durationMs), key: random.pick(keys) };
  });
  const times = Array.from({ length: options.operations }, () => {
    const burst = random.pick(bursts);
    const other = random.pick(keys);
    const key = random.chance(options.burstKeyShare) ? burst.key : other;
    return { at: burst.at + random.exponential(options.burstMs), key };
  });
  return times.sort((a, b) => a.at - b.at);
}

function planIntent(random: SeededRandom, options: WorkloadOptions, key: string, id: string): OperationIntent {
  const quorums: QuorumChoice = random.pick(options.quorums);
  const reads = random.chance(options.readShare);
  const deletes = random.chance(options.deleteShare);
  const stamped = random.chance(options.stampedShare);
  const length = Math.round(random.logBetween(1, options.valueBytes));
  const repeats = random.chance(0.5);
  if (reads) return { kind: 'get', key, quorum: quorums.r, stamped };
  if (deletes) return { kind: 'delete', key, quorum: quorums.w, stamped };
  const filler = repeats ? new Uint8Array(length).fill(length & 0xff) : random.fork(id).bytes(length);
  return { kind: 'put', key, quorum: quorums.w, stamped, value: uniqueValue(id, filler) };
}
