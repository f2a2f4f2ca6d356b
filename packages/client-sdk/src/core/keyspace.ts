/** A keyspace as a map from keys to values of one type. */
import { formatVersion } from '@kv/quorum';
import { encodeCursor } from './cursor-text.ts';
import { type Outcome, settleAll } from './batch.ts';
import type { Call } from './call.ts';
import type { ClusterView } from './cluster.ts';
import { asKvError, KvError, ofWrite } from './errors.ts';
import { encodeKey, type Key } from './key.ts';
import type { KeyspaceCall } from './keyspace-call.ts';
import type { CallOptions, DeleteOptions, ReadOptions, SetOptions } from './options.ts';
import type { Receipt } from './receipt.ts';
import {
  encodedEntry,
  type PageOptions,
  type ScanEntry,
  scanMessage,
  type ScanOptions,
  type ScanPage,
} from './scan.ts';
import {
  contextText,
  type Resolve,
  resolved,
  type Sibling,
  type SiblingsEntry,
  siblingsOf,
  unresolved,
} from './siblings.ts';
import { type StandardSchema, validate } from './standard-schema.ts';
import type { CurrentValue } from './update.ts';
import { decodeValue, type EncodedValue, encodeValue } from './value.ts';
import type { ReadAnswer, SiblingsAnswer, WriteAnswer } from './verdict.ts';

export type Entry<Value> =
  | {
      readonly found: true;
      readonly key: Key;
      readonly value: Value;
      /** Names the write that stored the value; the `ETag` of the HTTP API. */
      readonly version: string;
      readonly contentType: string;
      /** Milliseconds since 1970 from which on the key is absent; undefined where it lives for ever. */
      readonly expiresAt: number | undefined;
      /** In a keyspace with siblings: to be passed to the `set` or `delete` that replaces what was read. */
      readonly context?: string | undefined;
      readonly receipt: Receipt;
    }
  /** `version`: of the delete, or of the value that has expired, where one is remembered. */
  | {
      readonly found: false;
      readonly key: Key;
      readonly version: string | undefined;
      readonly context?: string | undefined;
      readonly receipt: Receipt;
    };

/** One operation of a batch; its options win over those of the batch. */
export type BatchOperation<Input> =
  | ({ readonly type: 'get'; readonly key: Key } & ReadOptions)
  | ({ readonly type: 'set'; readonly key: Key; readonly value: Input } & SetOptions)
  | ({ readonly type: 'delete'; readonly key: Key } & DeleteOptions);

export type BatchResult<Value> =
  | { readonly type: 'get'; readonly entry: Entry<Value> }
  | ({ readonly type: 'set' | 'delete' } & WriteResult);

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

export interface KeyspaceOptions<Value> {
  /** Checks what is written, and checks and transforms what is read. */
  readonly schema?: StandardSchema<unknown, Value> | undefined;
  /**
   * In a keyspace with siblings: makes one value of two or more that knew nothing of each other. Without it a read that finds
   * several throws `SIBLINGS`.
   */
  readonly resolve?: Resolve<Value> | undefined;
}

export class Keyspace<Value = unknown, Input = Value> {
  readonly name: string;
  readonly #cluster: ClusterView;
  readonly #schema: StandardSchema<unknown, Value> | undefined;
  readonly #resolve: Resolve<Value> | undefined;

  constructor(cluster: ClusterView, name: string, { schema, resolve }: KeyspaceOptions<Value> = {}) {
    this.#cluster = cluster;
    this.name = name;
    this.#schema = schema;
    this.#resolve = resolve;
  }

  /**
   * The value, or undefined where there is none.
   * @throws KvError `SIBLINGS` when there are several and the keyspace has no `resolve`, `RESOLVE` when that threw
   */
  async get(key: Key, options: ReadOptions = {}): Promise<Value | undefined> {
    const entry = await this.getEntry(key, options);
    return entry.found ? entry.value : undefined;
  }

  /**
   * The value with its version and what each replica said. Of a value that was resolved from several, version and content
   * type are those of the newest.
   * @throws KvError as `get`
   */
  async getEntry(key: Key, options: ReadOptions = {}): Promise<Entry<Value>> {
    const bytes = encodeKey(key);
    return this.#call(options, async (inside) =>
      inside.conflict === 'siblings'
        ? this.#resolved(await this.#entryOf(key, await inside.readSiblings(bytes, options)))
        : this.#onlyEntryOf(key, await inside.read(bytes, options)),
    );
  }

  /**
   * All values that the key has in a keyspace with siblings: those that no later write had read.
   * @throws KvError `NOT_SUPPORTED` in any other keyspace
   */
  async getSiblings(key: Key, options: ReadOptions = {}): Promise<SiblingsEntry<Value>> {
    const bytes = encodeKey(key);
    return this.#call(options, async (inside) => {
      if (inside.conflict !== 'siblings') {
        throw new KvError('NOT_SUPPORTED', `keyspace ${this.name} has no siblings: of two writes the later one wins`);
      }
      const { version: _, ...entry } = await this.#entryOf(key, await inside.readSiblings(bytes, options));
      return entry;
    });
  }

  /**
   * Stores a value under the key, whatever was there, or in a strong keyspace under a condition. In a keyspace with siblings it
   * takes the place of those that `context` was read with, and stands beside all others.
   * @throws KvError `WRITE_UNKNOWN` when it may have been stored nevertheless, `CONFLICT` when the condition does not hold
   */
  async set(key: Key, value: Input, options: SetOptions = {}): Promise<WriteResult> {
    try {
      const call = this.#cluster.begin(options);
      const bytes = encodeKey(key);
      if (this.#schema !== undefined) await validate(this.#schema, value);
      const encoded = encodeValue(value, options.contentType);
      return writeResult(await this.#within(call, (inside) => inside.put(bytes, encoded, options)));
    } catch (error) {
      throw ofWrite(error);
    }
  }

  /**
   * Removes the value, if there is one, or in a strong keyspace under a condition.
   * @throws KvError `WRITE_UNKNOWN` when it may have been removed nevertheless, `CONFLICT` when the condition does not hold
   */
  async delete(key: Key, options: DeleteOptions = {}): Promise<WriteResult> {
    try {
      const bytes = encodeKey(key);
      return writeResult(await this.#call(options, (inside) => inside.delete(bytes, options)));
    } catch (error) {
      throw ofWrite(error);
    }
  }

  /**
   * In a strong keyspace: stores what `change` makes of the value that is there, and nobody else's write comes between. It
   * is called again, with what is there by then, as often as one does, or once the keyspace was made anew. In a
   * keyspace with siblings: stores what `change` makes of what is there, resolved if there are several, in the place of
   * all that; what was written meanwhile stays beside it, and nothing is lost. `undefined` is no value: then and there
   * the key is absent. What it throws ends the update, and nothing is changed.
   * @throws KvError `NOT_SUPPORTED` in any other keyspace, `TIMEOUT` when others came between until the deadline,
   * `SIBLINGS` and `RESOLVE` as `get`, `WRITE_UNKNOWN` when the last write may have been made nevertheless
   */
  async update(
    key: Key,
    change: (current: Value | undefined) => Input | undefined | Promise<Input | undefined>,
    options: UpdateOptions = {},
  ): Promise<UpdateResult> {
    let thrown: unknown;
    const noted = async (current: Value | undefined): Promise<Input | undefined> => {
      try {
        return await change(current);
      } catch (error) {
        thrown = error;
        throw error;
      }
    };
    try {
      return await this.#update(key, noted, options);
    } catch (error) {
      throw error === thrown ? error : ofWrite(error);
    }
  }

  /**
   * The entries of many keys at once, in their order, each with an outcome of its own: one that cannot be read takes
   * nothing from the others. As many reads, they are of different moments.
   */
  async getMany(keys: readonly Key[], options: ReadOptions = {}): Promise<Outcome<Entry<Value>>[]> {
    return settleAll(keys, (key) => this.getEntry(key, options));
  }

  /**
   * Many operations at once, each with an outcome of its own, in their order. They are independent: it is no transaction,
   * some may be done and others not, and two on one key may take effect in any order.
   */
  async batch(
    operations: readonly BatchOperation<Input>[],
    options: CallOptions = {},
  ): Promise<Outcome<BatchResult<Value>>[]> {
    return settleAll(operations, (operation) => this.#runOne(operation, options));
  }

  /**
   * Keys with their values, partition by partition and in byte order within each. A key that is there all the time comes
   * exactly once; of those that are written meanwhile some come and some do not: there is no snapshot.
   * @throws KvError while it is iterated
   */
  scan(options: ScanOptions & { readonly values: false }): AsyncGenerator<ScanEntry<undefined>, void, undefined>;
  scan(options?: ScanOptions): AsyncGenerator<ScanEntry<Value>, void, undefined>;
  async *scan(options: ScanOptions = {}): AsyncGenerator<ScanEntry<Value | undefined>, void, undefined> {
    const { limit: most = Number.POSITIVE_INFINITY, pageSize = 100, ...rest } = options;
    let left = most;
    let cursor: string | undefined;
    while (left > 0) {
      const page: ScanPage<Value> = await this.scanPage({ ...rest, limit: Math.min(pageSize, left), cursor });
      yield* page.entries;
      left -= page.entries.length;
      cursor = page.cursor;
      if (cursor === undefined) return;
    }
  }

  /**
   * One page of a scan, and the cursor with which the next one goes on, here or in another process.
   * @throws KvError
   */
  scanPage(options: PageOptions & { readonly values: false }): Promise<ScanPage<undefined>>;
  scanPage(options?: PageOptions): Promise<ScanPage<Value>>;
  async scanPage(options: PageOptions = {}): Promise<ScanPage<Value | undefined>> {
    const message = scanMessage(options);
    const reply = await this.#call(options, (inside) => inside.scan(message, options));
    const entries: ScanEntry<Value | undefined>[] = [];
    for (const scanned of reply.entries) {
      const { bytes, stamp, ...entry } = encodedEntry(scanned);
      this.#cluster.met(stamp);
      const value = bytes && (await this.#checkRead(decodeValue(entry.contentType, bytes)));
      entries.push({ ...entry, value });
    }
    return { entries, cursor: reply.cursor && encodeCursor(reply.cursor) };
  }

  /** Begins a call in the keyspace. */
  #call<Result>(options: CallOptions, run: (inside: KeyspaceCall) => Promise<Result>): Promise<Result> {
    return this.#within(this.#cluster.begin(options), run);
  }

  #within<Result>(call: Call, run: (inside: KeyspaceCall) => Promise<Result>): Promise<Result> {
    return this.#cluster.inKeyspace(this.name, call, run);
  }

  async #runOne(operation: BatchOperation<Input>, shared: CallOptions): Promise<BatchResult<Value>> {
    const { type, key, ...own } = operation;
    const options = { ...shared, ...own };
    if (type === 'get') return { type, entry: await this.getEntry(key, options) };
    try {
      if (type === 'delete') return { type, ...(await this.delete(key, options)) };
      return { type, ...(await this.set(key, operation.value, options)) };
    } catch (error) {
      throw asKvError(error, 'unknown');
    }
  }

  async #update(
    key: Key,
    change: (current: Value | undefined) => Promise<Input | undefined>,
    options: UpdateOptions,
  ): Promise<UpdateResult> {
    const changed = async (current: Value | undefined): Promise<EncodedValue | undefined> => {
      const next = await change(current);
      if (next === undefined) return undefined;
      if (this.#schema !== undefined) await validate(this.#schema, next);
      return encodeValue(next, options.contentType);
    };
    const job = { key: encodeKey(key), options };
    const { outcome, version, receipt } = await this.#call(options, (inside) =>
      inside.conflict === 'siblings'
        ? inside.updateSiblings({ ...job, next: (read) => this.#changeSiblings(key, read, changed) })
        : inside.update({ ...job, next: (current) => this.#changeValue(current, changed) }),
    );
    return { outcome, version: version && formatVersion(version), receipt };
  }

  async #changeValue(current: CurrentValue, changed: Changed<Value>): Promise<EncodedValue | undefined> {
    return changed(current && (await this.#checkRead(decodeValue(current.contentType, current.bytes))));
  }

  async #changeSiblings(key: Key, read: SiblingsAnswer, changed: Changed<Value>): Promise<EncodedValue | undefined> {
    const entry = this.#resolved(await this.#entryOf(key, read));
    return changed(entry.found ? entry.value : undefined);
  }

  /** Of a key that has one value, or none. */
  async #onlyEntryOf(key: Key, answer: ReadAnswer): Promise<Entry<Value>> {
    const { receipt } = answer;
    if (!answer.found) {
      return { found: false, key, version: answer.version && formatVersion(answer.version), receipt };
    }
    const { contentType, bytes, deadline: expiresAt } = answer;
    const value = await this.#checkRead(decodeValue(contentType, bytes));
    return { found: true, key, value, version: formatVersion(answer.version), contentType, expiresAt, receipt };
  }

  async #entryOf(key: Key, answer: SiblingsAnswer): Promise<SiblingsEntry<Value> & Versioned> {
    const siblings: Sibling<Value>[] = [];
    for (const sibling of siblingsOf(answer)) {
      siblings.push({ ...sibling, value: await this.#checkRead(sibling.value) });
    }
    const version = answer.version && formatVersion(answer.version);
    return { key, siblings, version, context: contextText(answer.context), receipt: answer.receipt };
  }

  #resolved(read: SiblingsEntry<Value> & Versioned): Entry<Value> {
    const { key, siblings, version, context, receipt } = read;
    const newest = siblings.at(-1);
    if (newest === undefined) return { found: false, key, version, context, receipt };
    const found = { found: true, key, ...newest, expiresAt: undefined, context, receipt } as const;
    if (siblings.length === 1) return found;
    if (this.#resolve === undefined) throw unresolved(read);
    return { ...found, value: resolved(this.#resolve, read) };
  }

  async #checkRead(value: unknown): Promise<Value> {
    return this.#schema === undefined ? (value as Value) : validate(this.#schema, value);
  }
}

type Changed<Value> = (current: Value | undefined) => Promise<EncodedValue | undefined>;

interface Versioned {
  /** The highest version known of the key. */
  readonly version: string | undefined;
}

function writeResult({ outcome, version, winner, certain, receipt }: WriteAnswer): WriteResult {
  return { outcome, version: formatVersion(version), winner: winner && formatVersion(winner), certain, receipt };
}
