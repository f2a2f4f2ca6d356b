/** Reads every key at R = N once the faults are over, again and again until each has been answered. */
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
  readonly #replicas: number;
  #left: number;
  #count = 0;

  constructor(dependencies: FinalReadsDependencies, keys: readonly string[], replicas: number) {
    this.#dependencies = dependencies;
    this.#waiting = [...keys];
    this.#left = keys.length;
    this.#replicas = replicas;
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
    const intent: OperationIntent = { kind: 'get', key, quorum: this.#replicas, stamped: true };
    client.begin(intent, (result) => {
      world.trace.record(world.now, 'answer', describeAnswer(id, result), result.value);
      end(result, world.now);
      if (result.outcome === 'failed') this.#waiting.push(key);
      else this.#left -= 1;
      world.scheduler.after(result.outcome === 'failed' ? againAfterMs : 0, () => this.#next(client));
    });
    const begun = { id, client: client.name, intent, startedAt: world.now, version: undefined };
    const end = recorder.begin({ ...begun, final: true, duringFaults: false });
  }
}
