/**
 * The clients' share of a run: each begins its operations at times drawn beforehand, one after the other, on keys
 * that it shares with the others.
 */
import { describeAnswer, type KnownSiblings, nothingKnown, type OperationIntent } from '../cluster/client-operation.ts';
import type { SimulatedClient } from '../cluster/simulated-client.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';
import type { PlannedIntent } from './keyspaces/keyspace-kind.ts';
import { type KeyspaceOptions, keysOf } from './keyspaces/keyspace-options.ts';
import type { WorkloadOptions } from './options.ts';
import type { Recorder } from './recorder.ts';
import { kindOf } from './scenarios.ts';

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
  readonly intent: PlannedIntent;
}

export class Workload {
  readonly #dependencies: WorkloadDependencies;
  readonly #keyspaces: readonly KeyspaceOptions[];
  readonly #options: WorkloadOptions;
  #left: number;

  constructor(dependencies: WorkloadDependencies, keyspaces: readonly KeyspaceOptions[], options: WorkloadOptions) {
    this.#dependencies = dependencies;
    this.#keyspaces = keyspaces;
    this.#options = options;
    this.#left = options.operations;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  begin(): void {
    const { clients, random } = this.#dependencies;
    const plans = planOperations(
      random,
      this.#keyspaces,
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
      const { id } = operation;
      const intent = this.#intentOf(client, operation.intent);
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

  #intentOf({ name }: SimulatedClient, { condition, besides, ...intent }: PlannedIntent): OperationIntent {
    const { recorder } = this.#dependencies;
    if (besides !== undefined) return siblingIntent(intent, besides, recorder.known(name, intent));
    if (condition === undefined) return intent;
    const version = condition === 'seen' ? recorder.seen(name, intent) : undefined;
    return { ...intent, condition: version === undefined ? { type: 'absent' } : { type: 'version', version } };
  }
}

/** Who knows nothing of a key has nothing to delete. */
function siblingIntent(intent: OperationIntent, besides: 'seen' | 'blind', known: KnownSiblings): OperationIntent {
  const siblings = besides === 'seen' ? known : nothingKnown;
  if (intent.kind !== 'delete' || siblings.context !== undefined) return { ...intent, siblings };
  const { keyspaceId, key, quorum, stamped } = intent;
  return { kind: 'get', keyspaceId, key, quorum, stamped, siblings: nothingKnown };
}

function planOperations(
  random: SeededRandom,
  keyspaces: readonly KeyspaceOptions[],
  options: WorkloadOptions,
  clients: readonly string[],
): Map<string, PlannedOperation[]> {
  const plans = new Map<string, PlannedOperation[]>(clients.map((client) => [client, []]));
  for (const { at, keyspace, key } of planTimes(random.fork('times'), keyspaces, options)) {
    const client = random.pick(clients);
    const plan = plans.get(client) ?? [];
    const id = `${client}-${plan.length + 1}`;
    const place = { keyspace, key, id, valueBytes: options.valueBytes };
    plan.push({ id, at, intent: kindOf(keyspace).plan(random, place) });
  }
  return plans;
}

interface PlannedTime {
  readonly at: number;
  readonly keyspace: KeyspaceOptions;
  readonly key: string;
}

/** When each operation begins and on which key, in the order of time. */
function planTimes(
  random: SeededRandom,
  keyspaces: readonly KeyspaceOptions[],
  options: WorkloadOptions,
): PlannedTime[] {
  const pickKey = () => {
    const keyspace = random.pick(keyspaces);
    return { keyspace, key: random.pick(keysOf(keyspace)) };
  };
  const bursts = Array.from({ length: options.bursts }, () => {
    return { at: random.between(0, options.durationMs), key: pickKey() };
  });
  const times = Array.from({ length: options.operations }, () => {
    const burst = random.pick(bursts);
    const other = pickKey();
    const key = random.chance(options.burstKeyShare) ? burst.key : other;
    return { at: burst.at + random.exponential(options.burstMs), ...key };
  });
  return times.sort((a, b) => a.at - b.at);
}
