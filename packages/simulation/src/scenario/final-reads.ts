/**
 * Reads every key at R = N once the faults are over, again and again until each has been answered; at R = N − 1 where one
 * replica cannot answer any more.
 */
import { describeAnswer, type OperationIntent } from '../cluster/client-operation.ts';
import type { SimulatedClient } from '../cluster/simulated-client.ts';
import type { World } from '../world/world.ts';
import type { Recorder } from './recorder.ts';

export interface FinalReadsDependencies {
  readonly world: World;
  readonly recorder: Recorder;
  readonly clients: readonly SimulatedClient[];
}

/** Virtual milliseconds before a key that could not be read is read again. */
const againAfterMs = 500;

export class FinalReads {
  readonly #dependencies: FinalReadsDependencies;
  readonly #waiting: string[];
  readonly #quorum: (failures: number) => number;
  readonly #failures = new Map<string, number>();
  #left: number;
  #count = 0;

  /** @param quorum R of a key that could not be read so many times */
  constructor(dependencies: FinalReadsDependencies, keys: readonly string[], quorum: (failures: number) => number) {
    this.#dependencies = dependencies;
    this.#waiting = [...keys];
    this.#left = keys.length;
    this.#quorum = quorum;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  begin(): void {
    for (const client of this.#dependencies.clients) this.#next(client);
  }

  #next(client: SimulatedClient): void {
    const key = this.#waiting.shift();
    if (key === undefined) return;
    const { world, recorder } = this.#dependencies;
    this.#count += 1;
    const id = `${client.name}-final-${this.#count}`;
    const failures = this.#failures.get(key) ?? 0;
    const intent: OperationIntent = { kind: 'get', key, quorum: this.#quorum(failures), stamped: true };
    client.begin(intent, (result) => {
      world.trace.record(world.now, 'answer', describeAnswer(id, result), result.value);
      end(result, world.now);
      if (result.outcome === 'failed') {
        this.#failures.set(key, failures + 1);
        this.#waiting.push(key);
      } else this.#left -= 1;
      world.scheduler.after(result.outcome === 'failed' ? againAfterMs : 0, () => this.#next(client));
    });
    const begun = { id, client: client.name, intent, startedAt: world.now, version: undefined };
    const end = recorder.begin({ ...begun, final: true, duringFaults: false });
  }
}
