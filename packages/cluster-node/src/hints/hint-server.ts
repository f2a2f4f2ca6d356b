/**
 * Serves coordinators that hand this member a hint, or ask for one: checks first that it makes sense here, and refuses with
 * a stable code when not. A refusal means that nothing was kept.
 */
import type { Frame, FrameHeader, HintRead, HintWrite, Message, TopologyKeyspace } from '@kv/wire';
import type { Counters } from '../counters.ts';
import { belowWatermark } from '../purge/below-watermark.ts';
import { isRecordMeta } from '../record.ts';
import { type StorageFailures, writeFailureMessages } from '../storage-failures.ts';
import { fence } from '../topology/fence.ts';
import type { Topology } from '../topology/topology.ts';
import type { DirtyRanges } from './dirty-ranges.ts';
import type { HintStore, KeepFailure } from './hint-store.ts';

export interface HintServerDependencies {
  readonly self: string;
  readonly hints: HintStore;
  readonly dirtyRanges: DirtyRanges;
  readonly counters: Counters;
  readonly failures: StorageFailures;
  readonly topology: () => Topology;
  readonly ready: () => boolean;
}

const keepFailures: Readonly<Record<KeepFailure, string>> = {
  HINTS_FULL: 'this member keeps as many hints for that owner as it may',
  HINT_TOO_OLD: 'the write is older than this member keeps hints',
  BELOW_WATERMARK: belowWatermark.message,
  ...writeFailureMessages,
};

interface Refused {
  readonly code: string;
  readonly message: string;
}

export class HintServer {
  readonly #dependencies: HintServerDependencies;

  constructor(dependencies: HintServerDependencies) {
    this.#dependencies = dependencies;
  }

  serve({ header, message }: Frame, reply: (message: Message) => void): void {
    const { partition } = message as { partition: number };
    const range = { partition, keyspaceId: header.keyspaceId };
    if (message.type === 'range-dirty') {
      this.#dependencies.dirtyRanges.heard(range, message.intendedOwner);
      return;
    }
    if (message.type !== 'hint-write' && message.type !== 'hint-read') return;
    const topology = this.#dependencies.topology();
    const keyspace = topology.keyspaceById(header.keyspaceId);
    const refused = this.#refusalOf(header, topology, keyspace, message);
    if (refused !== undefined) {
      this.#dependencies.counters.replicaRefusals += 1;
      reply({ type: 'error', ...refused });
    } else if (message.type === 'hint-write') {
      this.#keep(header.keyspaceId, message, reply);
    } else {
      const owners = keyspace === undefined ? [] : topology.owners(keyspace, partition);
      this.#read(header.keyspaceId, message, owners, reply);
    }
  }

  #keep(keyspaceId: number, message: HintWrite, reply: (message: Message) => void): void {
    const { hints } = this.#dependencies;
    const { partition, intendedOwner, key, meta, value } = message;
    hints.keep(
      { partition, keyspaceId, intendedOwner, key },
      { meta, value },
      {
        kept: (version) => reply({ type: 'replica-write-reply', outcome: 'applied', version }),
        failed: (code) => reply({ type: 'error', code, message: keepFailures[code] }),
      },
    );
  }

  #read(keyspaceId: number, message: HintRead, owners: readonly string[], reply: (message: Message) => void): void {
    const { hints, failures } = this.#dependencies;
    const { partition, key } = message;
    try {
      const record = hints.newest({ partition, keyspaceId, key }, owners);
      const type = 'replica-read-reply';
      reply(record === undefined ? { type, found: 'absent' } : { type, found: 'value', ...record });
    } catch (error) {
      failures.damage.tell(error);
      reply({ type: 'error', code: 'STORAGE_DAMAGED', message: 'this member could not read the hint' });
    }
  }

  #refusalOf(
    { epoch, keyspaceId }: FrameHeader,
    topology: Topology,
    keyspace: TopologyKeyspace | undefined,
    message: HintWrite | HintRead,
  ): Refused | undefined {
    if (!this.#dependencies.ready()) return { code: 'NOT_READY', message: 'this member is still starting' };
    const fenced = fence(topology, epoch, keyspaceId);
    if (fenced !== undefined) return fenced;
    if (keyspace === undefined) return { code: 'UNKNOWN_KEYSPACE', message: 'there is no such keyspace' };
    if (keyspace.mode !== 'eventual' || keyspace.conflict !== 'last-write-wins') {
      return { code: 'MALFORMED', message: `nobody keeps hints for keyspace ${keyspace.name}` };
    }
    const owners = topology.owners(keyspace, message.partition);
    if (topology.partitionOf(message.key) !== message.partition) {
      return { code: 'MALFORMED', message: `the key is not in partition ${message.partition}` };
    }
    if (message.type === 'hint-read') return undefined;
    if (!owners.includes(message.intendedOwner) || message.intendedOwner === this.#dependencies.self) {
      return { code: 'NOT_AN_OWNER', message: `${message.intendedOwner} is no other owner of the key` };
    }
    return isRecordMeta(message.meta)
      ? undefined
      : { code: 'MALFORMED', message: 'the record meta is not one that this member understands' };
  }
}
