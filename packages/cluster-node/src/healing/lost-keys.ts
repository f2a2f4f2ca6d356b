/** What the storage keys that cannot be read were: which ranges they are of, and what else. */
import { compareKeys } from '@kv/anti-entropy';
import type { KeyRange as EngineRange } from '@kv/lsm-storage/core';
import {
  acceptorRange,
  dataRange,
  hintsOfAll,
  hintsOfRange,
  type KeyRange,
  lossRecords,
  purgeRecords,
  systemRecords,
} from '@kv/wire';
import type { Range } from '../repair/range-records.ts';
import { rangesOf } from '../repair/range-trees.ts';
import type { Topology } from '../topology/topology.ts';
import type { LostKeys } from './losses.ts';

export interface WhatWasLost {
  /** Of ranges that this member owns. */
  readonly records: readonly LostKeys[];
  /** Ranges of which this member may have kept hints. */
  readonly hints: readonly Range[];
  /** Whether something of what the member keeps for itself is among it: all of that is known in memory. */
  readonly own: boolean;
}

export function whatWasLost(lost: readonly EngineRange[], self: string, topology: Topology): WhatWasLost {
  const records: LostKeys[] = [];
  for (const range of rangesOf(self, topology)) {
    const { partition, keyspaceId } = range;
    for (const stored of [dataRange(partition, keyspaceId), acceptorRange(partition, keyspaceId)]) {
      for (const each of lost) {
        const keys = intersection(each, stored);
        if (keys !== undefined) records.push({ range, keys });
      }
    }
  }
  const meets = (stored: KeyRange): boolean => lost.some((each) => intersection(each, stored) !== undefined);
  const hints = meets(hintsOfAll)
    ? allRanges(topology).filter(({ partition, keyspaceId }) => meets(hintsOfRange(partition, keyspaceId)))
    : [];
  return { records, hints, own: [systemRecords, purgeRecords, lossRecords].some(meets) };
}

function allRanges({ state: { partitions, keyspaces } }: Topology): Range[] {
  return keyspaces.flatMap(({ id: keyspaceId }) =>
    Array.from({ length: partitions }, (_, partition) => ({ partition, keyspaceId })),
  );
}

function intersection({ from, to }: EngineRange, { gte, lt }: KeyRange): KeyRange | undefined {
  const begin = compareKeys(from, gte) > 0 ? from : gte;
  const end = to !== undefined && compareKeys(to, lt) < 0 ? to : lt;
  return compareKeys(begin, end) < 0 ? { gte: begin, lt: end } : undefined;
}
