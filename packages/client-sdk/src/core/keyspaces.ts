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

/** What became of a change that is made. */
export interface KeyspaceChangeSpread {
  /**
   * Names of the members that were not believed down and did not say within the call's time that they go by the change. They
   * hear of it from the others as soon as they can; until then they may serve what was before. Empty: every member goes by it
   * that is not believed down.
   */
  readonly behind: readonly string[];
}

/** The call ends when the keyspaces are agreed on; that takes one round more than a write. */
type ChangeOptions = Omit<CallOptions, 'level'>;

export class Keyspaces {
  readonly #cluster: Pick<Cluster, 'topology' | 'changeKeyspace' | 'refresh'>;

  constructor(cluster: Pick<Cluster, 'topology' | 'changeKeyspace' | 'refresh'>) {
    this.#cluster = cluster;
  }

  /** As a node has them now. @throws KvError UNREACHABLE */
  async list(options: Pick<CallOptions, 'timeoutMs' | 'signal'> = {}): Promise<readonly KeyspaceInfo[]> {
    await this.#cluster.refresh(options);
    return this.#cluster.topology.info.keyspaces;
  }

  /**
   * Makes a keyspace, which every node that is not believed down then knows, but for those in `behind`.
   * @throws KvError KEYSPACE_EXISTS, INVALID_KEYSPACE, TOO_MANY_KEYSPACES, TOO_FEW_VOTERS; WRITE_UNKNOWN when it may have
   *   been made nevertheless
   */
  create(
    name: string,
    { replicas, ...settings }: NewKeyspace = {},
    options: ChangeOptions = {},
  ): Promise<KeyspaceInfo & KeyspaceChangeSpread> {
    const change = { kind: 'create', name, ...(replicas !== undefined && { replicas }), settings } as const;
    return this.#change(change, options);
  }

  /** @throws KvError UNKNOWN_KEYSPACE, INVALID_KEYSPACE, and as {@link create} */
  alter(
    name: string,
    settings: ChangedKeyspace,
    options: ChangeOptions = {},
  ): Promise<KeyspaceInfo & KeyspaceChangeSpread> {
    return this.#change({ kind: 'alter', name, settings }, options);
  }

  /**
   * Drops a keyspace and erases all that is in it. What a node in `behind` acknowledges after that is erased with it.
   * @param confirm the name once more
   * @throws KvError UNKNOWN_KEYSPACE, and as {@link create}
   */
  async drop(
    name: string,
    { confirm, ...options }: ChangeOptions & { readonly confirm: string },
  ): Promise<KeyspaceChangeSpread> {
    if (confirm !== name) {
      throw new KvError(
        'CONFIRMATION_NEEDED',
        `this erases all that is in ${name}: say so with { confirm: '${name}' }`,
      );
    }
    const { behind } = await this.#cluster.changeKeyspace({ kind: 'drop', name }, options);
    return { behind };
  }

  async #change(change: KeyspaceChange, options: ChangeOptions): Promise<KeyspaceInfo & KeyspaceChangeSpread> {
    const { keyspaces, behind } = await this.#cluster.changeKeyspace(change, options);
    const keyspace = keyspaces.find(({ name }) => name === change.name);
    if (keyspace === undefined) throw new KvError('UNKNOWN_KEYSPACE', `keyspace ${change.name} was dropped meanwhile`);
    return { ...keyspace, behind };
  }
}
