/** What a client asks of the topology: a keyspace more, changed, or less. Answered with the `topology` that came of it. */
import type { ConsistencyLevel } from '@kv/quorum';
import { text } from '../layout/byte-strings.ts';
import { oneOf, optional, struct } from '../layout/composites.ts';
import { uuid } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { boolean, constant, u48, u8 } from '../layout/scalars.ts';
import { type ConflictRule, conflictRule, type KeyspaceMode, keyspaceMode, level } from './keyspace.ts';

/** What is left out of a creation is as the cluster has it by default, of an alteration as it was. */
export interface KeyspaceSettings {
  readonly mode?: KeyspaceMode | undefined;
  readonly conflict?: ConflictRule | undefined;
  /** Never true of a strong keyspace, or of one with siblings. */
  readonly sloppy?: boolean | undefined;
  readonly readLevel?: ConsistencyLevel | undefined;
  readonly writeLevel?: ConsistencyLevel | undefined;
  /** Milliseconds; 0 in an alteration: for ever. */
  readonly ttlMs?: number | undefined;
  readonly compressed?: boolean | undefined;
}

export type KeyspaceChange =
  | {
      readonly kind: 'create';
      readonly name: string;
      readonly replicas?: number;
      readonly settings: KeyspaceSettings;
    }
  | {
      readonly kind: 'alter';
      readonly name: string;
      readonly replicas?: number;
      readonly settings: KeyspaceSettings;
    }
  | { readonly kind: 'drop'; readonly name: string };

export interface ChangeKeyspace {
  readonly type: 'change-keyspace';
  /** See `changeIdAt`. The same for every try: a change that was made is not made again. */
  readonly id: string;
  readonly change: KeyspaceChange;
}

const name = text(64);
const settings = struct<KeyspaceSettings>({
  mode: optional(keyspaceMode),
  conflict: optional(conflictRule),
  sloppy: optional(boolean),
  readLevel: optional(level),
  writeLevel: optional(level),
  ttlMs: optional(u48),
  compressed: optional(boolean),
});

const change = oneOf<KeyspaceChange, 'kind'>('kind', {
  create: [1, { name, replicas: optional(u8), settings }],
  alter: [2, { name, replicas: optional(u8), settings }],
  drop: [3, { name }],
});

export const changeKeyspace: Layout<ChangeKeyspace> = struct<ChangeKeyspace>({
  type: constant('change-keyspace'),
  id: uuid,
  change,
});
