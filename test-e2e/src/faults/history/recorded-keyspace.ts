/**
 * A keyspace of the SDK whose every call is recorded, under values that no other write of the run has. In a strong keyspace
 * calls name no level, and writes may be conditional.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Keyspace, KvError, type Receipt, type SetOptions, type WriteResult } from '@kv/client-sdk';
import { formatVersion, parseVersion, type Version } from '@kv/quorum';
import type { WriteCondition } from '@kv/simulation';
import type { Answer, Intent } from './operation.ts';
import type { Recorder } from './recorder.ts';

export interface RecordedCallOptions {
  readonly timeoutMs: number;
}

/** The key has a value of this version, or none at all. */
export type VersionCondition = Extract<WriteCondition, { type: 'version' }> | { type: 'value'; value: undefined };

/** What is recorded of the SDK. */
export type RecordableKeyspace = Pick<Keyspace<string>, 'getEntry' | 'set' | 'delete'>;

export class RecordedKeyspace {
  readonly client: string;
  readonly #keyspace: RecordableKeyspace;
  readonly #recorder: Recorder;
  readonly #options: RecordedCallOptions;

  constructor(client: string, keyspace: RecordableKeyspace, recorder: Recorder, options: RecordedCallOptions) {
    this.client = client;
    this.#keyspace = keyspace;
    this.#recorder = recorder;
    this.#options = options;
  }

  /**
   * @param w undefined in a strong keyspace
   * @param bytes the length of the value, its own name not counted
   */
  put(key: string, w: number | undefined, bytes: number, condition?: VersionCondition): Promise<Answer> {
    const id = this.#recorder.nextId(this.client);
    const value = uniqueValue(id, bytes);
    const intent: Intent = { ...writeIntent('put', key, w, condition), value: fingerprint(value) };
    const options = { ...conditionOptions(condition), w, ...this.#options };
    return this.#run(id, intent, async () => written(await this.#keyspace.set(key, value, options)));
  }

  /** @param w undefined in a strong keyspace */
  delete(key: string, w: number | undefined, ifMatch?: Version): Promise<Answer> {
    const condition: VersionCondition | undefined = ifMatch && { type: 'version', version: ifMatch };
    const options = { ...(ifMatch && { ifMatch: formatVersion(ifMatch) }), w, ...this.#options };
    return this.#run(this.#recorder.nextId(this.client), writeIntent('delete', key, w, condition), async () => {
      return written(await this.#keyspace.delete(key, options));
    });
  }

  /** @param r undefined in a strong keyspace */
  get(key: string, r: number | undefined, final = false): Promise<Answer> {
    const intent: Intent = { kind: 'get', key, ...(r !== undefined && { quorum: r }), ...(final && { final }) };
    return this.#run(this.#recorder.nextId(this.client), intent, async () => {
      const entry = await this.#keyspace.getEntry(key, { r, ...this.#options });
      const version = entry.version === undefined ? undefined : parseVersion(entry.version);
      const told = { version, ...toldBy(entry.receipt) };
      if (!entry.found) return { outcome: 'absent', ...told };
      return { outcome: 'found', value: fingerprint(entry.value), ...told };
    });
  }

  #run(id: string, intent: Intent, call: () => Promise<Answer>): Promise<Answer> {
    return this.#recorder.run(id, this.client, intent, async () => {
      try {
        return await call();
      } catch (error) {
        return failed(intent, error);
      }
    });
  }
}

function writeIntent(
  kind: 'put' | 'delete',
  key: string,
  w: number | undefined,
  condition: VersionCondition | undefined,
): Intent {
  return { kind, key, ...(w !== undefined && { quorum: w }), ...(condition !== undefined && { condition }) };
}

function conditionOptions(condition: VersionCondition | undefined): Pick<SetOptions, 'ifMatch' | 'ifAbsent'> {
  if (condition === undefined) return {};
  return condition.type === 'value' ? { ifAbsent: true } : { ifMatch: formatVersion(condition.version) };
}

/** Tells which write a value is from, and whether it is whole. */
export function fingerprint(value: string): string {
  const [name = ''] = value.slice(0, 40).split(' ', 1);
  return `${name}/${createHash('sha256').update(value).digest('hex').slice(0, 16)}`;
}

/** Nothing that compresses: the members' disks are to be used, too. */
function uniqueValue(id: string, bytes: number): string {
  return `${id} ${randomBytes(bytes).toString('base64url').slice(0, bytes)}`;
}

function written({ outcome, version, winner, receipt }: WriteResult): Answer {
  const won = winner === undefined ? undefined : parseVersion(winner);
  return { outcome, version: parseVersion(version), winner: won, ...toldBy(receipt) };
}

function failed({ kind }: Intent, error: unknown): Answer {
  const isRead = kind === 'get';
  if (!(error instanceof KvError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: isRead ? 'failed' : 'unknown', error: 'NO_KV_ERROR', message, retryable: false };
  }
  const { code, message, retryable, receipt, outcome, version } = error;
  if (code === 'CONFLICT')
    return { outcome: 'conflict', version: version === undefined ? undefined : parseVersion(version) };
  const told = { error: code, message, retryable, ...(receipt !== undefined && toldBy(receipt)) };
  if (isRead) return { outcome: 'failed', ...told };
  // The SDK promises to say of every write what is known of it.
  return outcome === undefined ? { outcome: 'unknown', ...told, retryable: false } : { outcome, ...told };
}

function toldBy({ mode, replicas, repairs }: Receipt): Pick<Answer, 'mode' | 'lasting' | 'replicas'> {
  const lasting = repairs.held >= repairs.needed;
  return {
    mode,
    lasting,
    replicas: replicas.map(({ name, answer, reason }) => [name, answer, reason ?? ''].join(' ').trim()),
  };
}
