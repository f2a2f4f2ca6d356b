/**
 * Clients that read, write and delete without pause until they are told to stop, on keys that all of them share: in an
 * eventual keyspace at all levels, in a strong one with and without conditions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@kv/simulation';
import { type Answer, succeeded } from './history/operation.ts';
import type { RecordedKeyspace, VersionCondition } from './history/recorded-keyspace.ts';

export interface WorkloadOptions {
  /** Operations that one client has under way at a time. */
  readonly workers: number;
  /** Keys in use at a time. */
  readonly keys: number;
  /** Keys of the strong keyspace among them: fewer, so that conditions meet other writes. */
  readonly strongKeys: number;
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
/** Part of the operations that are on the strong keyspace. */
const strongShare = 0.25;
const readShare = 0.5;
/** Of the writes in the strong keyspace, those on the condition that the key is as their client saw it last. */
const conditionShare = 0.5;
const deleteShare = 0.1;
const valueBytes = { least: 30, most: 40_000 };
/** With nobody there the next try fails at once: without a breath a worker would only burn the processor. */
const breathMs = 20;

/** One client's keyspaces. */
export interface RecordedClient {
  readonly eventual: RecordedKeyspace;
  readonly strong: RecordedKeyspace;
}

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #keys = { eventual: new Set<string>(), strong: new Set<string>() };
  readonly #begun = { eventual: 0, strong: 0 };

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** Every key that was touched. No key is in both keyspaces. */
  get keys(): Readonly<Record<keyof RecordedClient, readonly string[]>> {
    return { eventual: [...this.#keys.eventual], strong: [...this.#keys.strong] };
  }

  /** Ends when the last operation has, after the signal. */
  async run(clients: readonly RecordedClient[], signal: AbortSignal): Promise<void> {
    const { workers, random } = this.#options;
    await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: workers }, (_, worker) => {
          return this.#work(client, random.fork(`${client.eventual.client}-${worker}`), signal);
        }),
      ),
    );
  }

  async #work(client: RecordedClient, random: SeededRandom, signal: AbortSignal): Promise<void> {
    /** What this worker saw last of each key of the strong keyspace. */
    const seen = new Map<string, Answer>();
    while (!signal.aborted) {
      const isStrong = random.chance(strongShare);
      const answer = await (isStrong
        ? this.#operateStrong(client.strong, random, seen)
        : this.#operate(client, random));
      await delay(succeeded(answer) ? random.between(0, this.#options.thinkMs) : breathMs);
    }
  }

  #operate({ eventual }: RecordedClient, random: SeededRandom): Promise<Answer> {
    const key = this.#nextKey('eventual', this.#options.keys, random);
    const { r, w } = random.pick(quorums);
    if (random.chance(readShare)) return eventual.get(key, r);
    if (random.chance(deleteShare)) return eventual.delete(key, w);
    return eventual.put(key, w, drawBytes(random));
  }

  async #operateStrong(strong: RecordedKeyspace, random: SeededRandom, seen: Map<string, Answer>): Promise<Answer> {
    const key = this.#nextKey('strong', this.#options.strongKeys, random);
    const answer = await operateStrong(strong, key, random, seen.get(key));
    if (succeeded(answer)) seen.set(key, answer);
    return answer;
  }

  #nextKey(keyspace: keyof RecordedClient, keys: number, random: SeededRandom): string {
    const generation = Math.floor(this.#begun[keyspace] / (keys * this.#options.operationsPerKey));
    this.#begun[keyspace] += 1;
    const key = `${keyspace}-${generation}-${random.integer(0, keys - 1)}`;
    this.#keys[keyspace].add(key);
    return key;
  }
}

function operateStrong(
  strong: RecordedKeyspace,
  key: string,
  random: SeededRandom,
  seen: Answer | undefined,
): Promise<Answer> {
  if (random.chance(readShare)) return strong.get(key, undefined);
  const deletes = random.chance(deleteShare);
  const version = seen?.outcome === 'absent' ? undefined : seen?.version;
  const isConditional = seen !== undefined && random.chance(conditionShare);
  if (deletes) return strong.delete(key, undefined, isConditional ? version : undefined);
  const absent: VersionCondition = { type: 'value', value: undefined };
  const asSeen: VersionCondition = version === undefined ? absent : { type: 'version', version };
  return strong.put(key, undefined, drawBytes(random), isConditional ? asSeen : undefined);
}

function drawBytes(random: SeededRandom): number {
  return Math.round(random.logBetween(valueBytes.least, valueBytes.most));
}
