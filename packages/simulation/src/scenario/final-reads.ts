/**
 * Reads every key once the faults are over, in an eventual keyspace at R = N, again and again until each has been
 * answered; with one replica less where one cannot answer any more.
 */
import { describeAnswer } from '../cluster/client-operation.ts';
import type { SimulatedClient } from '../cluster/simulated-client.ts';
import type { World } from '../world/world.ts';
import { type KeyspaceOptions, keysOf } from './keyspaces/keyspace-options.ts';
import type { Recorder } from './recorder.ts';
import { kindOf } from './scenarios.ts';

export interface FinalReadsDependencies {
  readonly world: World;
  readonly recorder: Recorder;
  readonly clients: readonly SimulatedClient[];
  /** Whether a key that could not be read so many times may be read from one replica less. */
  readonly lessened: (failures: number) => boolean;
}

interface WaitingKey {
  readonly keyspace: KeyspaceOptions;
  readonly key: string;
  readonly failures: number;
}

/** Virtual milliseconds before a key that could not be read is read again. */
const againAfterMs = 500;

export class FinalReads {
  readonly #dependencies: FinalReadsDependencies;
  readonly #waiting: WaitingKey[];
  #left: number;
  #count = 0;

  constructor(dependencies: FinalReadsDependencies, keyspaces: readonly KeyspaceOptions[]) {
    this.#dependencies = dependencies;
    this.#waiting = keyspaces.flatMap((keyspace) => keysOf(keyspace).map((key) => ({ keyspace, key, failures: 0 })));
    this.#left = this.#waiting.length;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  begin(): void {
    for (const client of this.#dependencies.clients) this.#next(client);
  }

  #next(client: SimulatedClient): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    const { world, recorder, lessened } = this.#dependencies;
    const { keyspace, key, failures } = waiting;
    this.#count += 1;
    const id = `${client.name}-final-${this.#count}`;
    const intent = kindOf(keyspace).finalRead(keyspace, key, lessened(failures));
    client.begin(intent, (result) => {
      world.trace.record(world.now, 'answer', describeAnswer(id, result), result.value);
      end(result, world.now);
      if (result.outcome === 'failed') this.#waiting.push({ ...waiting, failures: failures + 1 });
      else this.#left -= 1;
      world.scheduler.after(result.outcome === 'failed' ? againAfterMs : 0, () => this.#next(client));
    });
    const begun = { id, client: client.name, intent, startedAt: world.now, version: undefined };
    const end = recorder.begin({ ...begun, final: true, duringFaults: false });
  }
}
