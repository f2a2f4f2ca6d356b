/** Clients that read, write and delete without pause until they are told to stop, on keys that all of them share. */
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@kv/simulation';
import type { RecordedKeyspace } from './history/recorded-keyspace.ts';
import { succeeded } from './history/operation.ts';

export interface WorkloadOptions {
  /** Operations that one client has under way at a time. */
  readonly workers: number;
  /** Keys in use at a time. */
  readonly keys: number;
  /** After so many operations others take their place: checking a key costs the square of what happened to it. */
  readonly operationsPerKey: number;
  /** Longest pause of a worker between two operations, in milliseconds. */
  readonly thinkMs: number;
  readonly random: SeededRandom;
}

/** R and W of one operation: most as by default, the others to see what each level keeps and gives up. */
const quorums: readonly { readonly r: number; readonly w: number }[] = [
  { r: 2, w: 2 },
  { r: 2, w: 2 },
  { r: 2, w: 2 },
  { r: 3, w: 1 },
  { r: 1, w: 3 },
  { r: 1, w: 1 },
];
const readShare = 0.5;
const deleteShare = 0.1;
const valueBytes = { least: 30, most: 40_000 };
/** With nobody there the next try fails at once: without a breath a worker would only burn the processor. */
const breathMs = 20;

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #keys = new Set<string>();
  #begun = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** Every key that was touched. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** Ends when the last operation has, after the signal. */
  async run(clients: readonly RecordedKeyspace[], signal: AbortSignal): Promise<void> {
    const { workers, random } = this.#options;
    await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: workers }, (_, worker) => {
          return this.#work(client, random.fork(`${client.client}-${worker}`), signal);
        }),
      ),
    );
  }

  async #work(client: RecordedKeyspace, random: SeededRandom, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const answer = await this.#operate(client, random);
      await delay(succeeded(answer) ? random.between(0, this.#options.thinkMs) : breathMs);
    }
  }

  #operate(client: RecordedKeyspace, random: SeededRandom): ReturnType<RecordedKeyspace['get']> {
    const key = this.#nextKey(random);
    const { r, w } = random.pick(quorums);
    if (random.chance(readShare)) return client.get(key, r);
    if (random.chance(deleteShare)) return client.delete(key, w);
    return client.put(key, w, Math.round(random.logBetween(valueBytes.least, valueBytes.most)));
  }

  #nextKey(random: SeededRandom): string {
    const { keys, operationsPerKey } = this.#options;
    const generation = Math.floor(this.#begun / (keys * operationsPerKey));
    this.#begun += 1;
    const key = `${generation}-${random.integer(0, keys - 1)}`;
    this.#keys.add(key);
    return key;
  }
}
