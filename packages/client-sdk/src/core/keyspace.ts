/** A keyspace as a map from keys to values of one type. */
import { formatVersion } from '@kv/quorum';
import type { ClusterView } from './cluster.ts';
import { encodeKey, type Key } from './key.ts';
import type { ReadOptions, SetOptions, WriteOptions } from './options.ts';
import type { Receipt } from './receipt.ts';
import { type StandardSchema, validate } from './standard-schema.ts';
import { decodeValue, encodeValue } from './value.ts';
import type { WriteAnswer } from './verdict.ts';

export type Entry<Value> =
  | {
      readonly found: true;
      readonly key: Key;
      readonly value: Value;
      /** Names the write that stored the value; the `ETag` of the HTTP API. */
      readonly version: string;
      readonly contentType: string;
      readonly receipt: Receipt;
    }
  /** `version`: of the delete, where one is remembered. */
  | { readonly found: false; readonly key: Key; readonly version: string | undefined; readonly receipt: Receipt };

export interface WriteResult {
  /**
   * - `applied`: W distinct servers are durable, and none that answered holds a newer version.
   * - `superseded`: they are, and a newer version won.
   */
  readonly outcome: 'applied' | 'superseded';
  /** Of this write. */
  readonly version: string;
  /** The newer version that won over a superseded write. */
  readonly winner: string | undefined;
  /** False where some replica may show a superseded write until it is repaired. */
  readonly certain: boolean;
  readonly receipt: Receipt;
}

export class Keyspace<Value = unknown, Input = Value> {
  readonly name: string;
  readonly #cluster: ClusterView;
  readonly #schema: StandardSchema<unknown, Value> | undefined;

  /** @param schema checks what is written, and checks and transforms what is read */
  constructor(cluster: ClusterView, name: string, schema?: StandardSchema<unknown, Value>) {
    this.#cluster = cluster;
    this.name = name;
    this.#schema = schema;
  }

  /**
   * The value, or undefined where there is none.
   * @throws KvError
   */
  async get(key: Key, options: ReadOptions = {}): Promise<Value | undefined> {
    const entry = await this.getEntry(key, options);
    return entry.found ? entry.value : undefined;
  }

  /**
   * The value with its version and what each replica said.
   * @throws KvError
   */
  async getEntry(key: Key, options: ReadOptions = {}): Promise<Entry<Value>> {
    const answer = await this.#cluster.read(this.name, encodeKey(key), options);
    const { receipt } = answer;
    if (!answer.found) {
      return { found: false, key, version: answer.version && formatVersion(answer.version), receipt };
    }
    const { contentType, bytes } = answer;
    const value = await this.#checkRead(decodeValue(contentType, bytes));
    return { found: true, key, value, version: formatVersion(answer.version), contentType, receipt };
  }

  /**
   * Stores a value under the key, whatever was there.
   * @throws KvError `WRITE_UNKNOWN` when it may have been stored nevertheless
   */
  async set(key: Key, value: Input, options: SetOptions = {}): Promise<WriteResult> {
    const bytes = encodeKey(key);
    if (this.#schema !== undefined) await validate(this.#schema, value);
    return writeResult(await this.#cluster.put(this.name, bytes, encodeValue(value, options.contentType), options));
  }

  /**
   * Removes the value, if there is one.
   * @throws KvError `WRITE_UNKNOWN` when it may have been removed nevertheless
   */
  async delete(key: Key, options: WriteOptions = {}): Promise<WriteResult> {
    return writeResult(await this.#cluster.delete(this.name, encodeKey(key), options));
  }

  async #checkRead(value: unknown): Promise<Value> {
    return this.#schema === undefined ? (value as Value) : validate(this.#schema, value);
  }
}

function writeResult({ outcome, version, winner, certain, receipt }: WriteAnswer): WriteResult {
  return { outcome, version: formatVersion(version), winner: winner && formatVersion(winner), certain, receipt };
}
