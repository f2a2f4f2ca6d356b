/** A keyspace as a map from keys to values of one type. */
import { formatVersion } from '@kv/quorum';
import type { ClusterView } from './cluster.ts';
import { encodeKey, type Key } from './key.ts';
import type { CallOptions, DeleteOptions, ReadOptions, SetOptions } from './options.ts';
import type { Receipt } from './receipt.ts';
import { type StandardSchema, validate } from './standard-schema.ts';
import type { CurrentValue } from './update.ts';
import { decodeValue, type EncodedValue, encodeValue } from './value.ts';
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

export interface UpdateOptions extends Pick<CallOptions, 'timeoutMs' | 'signal'> {
  /** Stored with the value. Default: by the kind of the value, bytes, text or JSON. */
  readonly contentType?: string | undefined;
}

export interface UpdateResult {
  /** `unchanged`: the key had no value, and was to have none. */
  readonly outcome: 'applied' | 'unchanged';
  /** Of what was written. */
  readonly version: string | undefined;
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
   * Stores a value under the key, whatever was there, or in a strong keyspace under a condition.
   * @throws KvError `WRITE_UNKNOWN` when it may have been stored nevertheless, `CONFLICT` when the condition does not hold
   */
  async set(key: Key, value: Input, options: SetOptions = {}): Promise<WriteResult> {
    const bytes = encodeKey(key);
    if (this.#schema !== undefined) await validate(this.#schema, value);
    return writeResult(await this.#cluster.put(this.name, bytes, encodeValue(value, options.contentType), options));
  }

  /**
   * Removes the value, if there is one, or in a strong keyspace under a condition.
   * @throws KvError `WRITE_UNKNOWN` when it may have been removed nevertheless, `CONFLICT` when the condition does not hold
   */
  async delete(key: Key, options: DeleteOptions = {}): Promise<WriteResult> {
    return writeResult(await this.#cluster.delete(this.name, encodeKey(key), options));
  }

  /**
   * In a strong keyspace: stores what `change` makes of the value that is there, and nobody else's write comes between. It
   * is called again, with what is there by then, as often as one does. `undefined` is no value: then and there the key is
   * absent. What it throws ends the update, and nothing is changed.
   * @throws KvError `NOT_SUPPORTED` in an eventual keyspace, `TIMEOUT` when others came between until the deadline,
   * `WRITE_UNKNOWN` when the last write may have been made nevertheless
   */
  async update(
    key: Key,
    change: (current: Value | undefined) => Input | undefined | Promise<Input | undefined>,
    options: UpdateOptions = {},
  ): Promise<UpdateResult> {
    const next = async (current: CurrentValue): Promise<EncodedValue | undefined> => {
      const value = current && (await this.#checkRead(decodeValue(current.contentType, current.bytes)));
      const changed = await change(value);
      if (changed === undefined) return undefined;
      if (this.#schema !== undefined) await validate(this.#schema, changed);
      return encodeValue(changed, options.contentType);
    };
    const job = { keyspace: this.name, key: encodeKey(key), next, options };
    const { outcome, version, receipt } = await this.#cluster.update(job);
    return { outcome, version: version && formatVersion(version), receipt };
  }

  async #checkRead(value: unknown): Promise<Value> {
    return this.#schema === undefined ? (value as Value) : validate(this.#schema, value);
  }
}

function writeResult({ outcome, version, winner, certain, receipt }: WriteAnswer): WriteResult {
  return { outcome, version: formatVersion(version), winner: winner && formatVersion(winner), certain, receipt };
}
