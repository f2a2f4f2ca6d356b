/** The keyspaces of a cluster: what there are, and their lives. */
import type { KeyspaceChange, KeyspaceSettings } from '@kv/wire';
import type { KeyspaceInfo } from './client.ts';
import type { Cluster } from './cluster.ts';
import { KvError } from './errors.ts';
import type { CallOptions } from './options.ts';

export interface NewKeyspace extends KeyspaceSettings {
  /** N: distinct servers that hold each key. Default: 3, or as many as there are members. */
  readonly replicas?: number | undefined;
}

/** Mode, conflict rule and replicas stay as they are; a `ttlMs` of 0 is for ever. */
export type ChangedKeyspace = Omit<KeyspaceSettings, 'mode' | 'conflict'>;

/** The call ends when the keyspaces are agreed on; that takes one round more than a write. */
type ChangeOptions = Omit<CallOptions, 'level'>;

export class Keyspaces {
  readonly #cluster: Pick<Cluster, 'topology' | 'changeKeyspace' | 'refresh'>;

  constructor(cluster: Pick<Cluster, 'topology' | 'changeKeyspace' | 'refresh'>) {
    this.#cluster = cluster;
  }

  /** As a node has them now. @throws KvError UNREACHABLE */
  async list(): Promise<readonly KeyspaceInfo[]> {
    await this.#cluster.refresh();
    return this.#cluster.topology.info.keyspaces;
  }

  /**
   * Makes a keyspace, which every node knows at once.
   * @throws KvError KEYSPACE_EXISTS, INVALID_KEYSPACE, TOO_MANY_KEYSPACES, TOO_FEW_VOTERS; WRITE_UNKNOWN when it may have
   *   been made nevertheless
   */
  create(
    name: string,
    { replicas, ...settings }: NewKeyspace = {},
    options: ChangeOptions = {},
  ): Promise<KeyspaceInfo> {
    const change = { kind: 'create', name, ...(replicas !== undefined && { replicas }), settings } as const;
    return this.#change(change, options);
  }

  /** @throws KvError UNKNOWN_KEYSPACE, INVALID_KEYSPACE, and as {@link create} */
  alter(name: string, settings: ChangedKeyspace, options: ChangeOptions = {}): Promise<KeyspaceInfo> {
    return this.#change({ kind: 'alter', name, settings }, options);
  }

  /**
   * Drops a keyspace and erases all that is in it.
   * @param confirm the name once more
   * @throws KvError UNKNOWN_KEYSPACE, and as {@link create}
   */
  async drop(name: string, { confirm, ...options }: ChangeOptions & { readonly confirm: string }): Promise<void> {
    if (confirm !== name) {
      throw new KvError(
        'CONFIRMATION_NEEDED',
        `this erases all that is in ${name}: say so with { confirm: '${name}' }`,
      );
    }
    await this.#cluster.changeKeyspace({ kind: 'drop', name }, options);
  }

  async #change(change: KeyspaceChange, options: ChangeOptions): Promise<KeyspaceInfo> {
    const { keyspaces } = await this.#cluster.changeKeyspace(change, options);
    const keyspace = keyspaces.find(({ name }) => name === change.name);
    if (keyspace === undefined) throw new KvError('UNKNOWN_KEYSPACE', `keyspace ${change.name} was dropped meanwhile`);
    return keyspace;
  }
}
