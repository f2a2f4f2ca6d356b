/**
 * All that a member keeps on disk for itself alone, as it is in memory, to be written anew: where some of it rotted, what is stored
 * of it is about to be cut out.
 */
import type { BatchOperation } from '@kv/lsm-storage/core';
import type { Identity } from '@kv/wire';
import type { BallotCeiling } from '../clock/ballot-ceiling.ts';
import type { StampSource } from '../clock/stamp-source.ts';
import { restatedOwner } from '../identity.ts';
import type { ConfirmedTime } from '../repair/confirmed-time.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import { restatedDotActor } from '../replica/dot-actor.ts';
import type { TopologyService } from '../topology/topology-service.ts';

export interface OwnRecords {
  readonly topology: TopologyService;
  readonly stamps: StampSource;
  readonly watermarks: Watermarks;
  readonly ceiling: BallotCeiling;
  readonly confirmed: ConfirmedTime;
  readonly identity: Identity;
  readonly dotActor: string;
}

export function restatedRecords(own: OwnRecords): BatchOperation[] {
  const kept = [own.topology, own.stamps, own.watermarks, own.ceiling, own.confirmed];
  return [...kept.flatMap((each) => each.restated()), restatedOwner(own.identity), restatedDotActor(own.dotActor)];
}
