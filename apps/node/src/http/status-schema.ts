/** The form of `GET /v1/cluster/status`, and how a member's own status gets it. */
import type { NodeStatus } from '@kv/cluster-node';
import { consistencyLevels } from '@kv/quorum';
import { z } from 'zod';

const count = z.number().int().nonnegative();

const memberSchema = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  state: z.enum(['alive', 'suspect', 'down']).meta({ description: "The answering node's opinion." }),
  share: z.number().meta({ description: 'Its part of all stored copies, 0 to 1.' }),
  copies: count.meta({ description: 'Copies of partitions that it holds.' }),
  weight: z.number(),
  voter: z.boolean().meta({ description: 'Whether it is one of those of whom a majority decides about the topology.' }),
  rack: z.string().optional(),
  dataCentre: z.string().optional(),
  generation: count.optional().meta({ description: 'Raised at every start; absent when it was not heard yet.' }),
});

const storageSchema = z.object({
  state: z.enum(['open', 'poisoned', 'closed']),
  pendingEntries: count,
  memtables: count,
  memtableEntries: count,
  memtableBytes: count,
  runs: count,
  runEntries: count,
  runBytes: count,
  runsPerTier: z.array(count),
  valueFiles: count,
  valueBytes: count,
  garbageBytes: count,
  segments: count,
  segmentBytes: count,
  durableSequence: count,
  flushedSequence: count,
  cacheBytes: count,
  cacheHits: count,
  cacheMisses: count,
  groups: count,
  givenBytes: count,
  loggedBytes: count,
  flushedBytes: count,
  compactedBytes: count,
  slowdowns: count,
  stops: count,
  stalledMs: z.number().nonnegative(),
  writeAmplification: z.number().nonnegative(),
  spaceAmplification: z.number().nonnegative(),
  compactionUnderWay: z
    .object({
      stage: z.string(),
      reason: z.string(),
      inputs: count,
      bytesRead: count,
      bytesTotal: count,
      bytesWritten: count,
    })
    .optional(),
  flushes: count,
  compactions: count,
  compactionFailure: z.string().optional(),
});

export const keyspaceSchema = z.object({
  id: count,
  name: z.string(),
  replicas: count.meta({ description: 'N: distinct servers that hold each key.' }),
  mode: z.enum(['eventual', 'strong']),
  conflict: z.enum(['last-write-wins', 'siblings']),
  sloppy: z.boolean().meta({ description: 'Whether other servers may stand in for owners that are down.' }),
  readLevel: z.enum(consistencyLevels),
  writeLevel: z.enum(consistencyLevels),
  ttlMs: count.optional().meta({ description: 'Time to live of values whose writer names none, in milliseconds.' }),
  compressed: z.boolean(),
  since: count.meta({ description: 'The epoch of its last change.' }),
});

export const statusSchema = z.object({
  clusterId: z.string(),
  id: z.string(),
  name: z.string(),
  address: z.string(),
  generation: count,
  epoch: count,
  partitions: count,
  ready: z.boolean().meta({ description: 'Whether the answering node serves requests.' }),
  clockAheadMs: z.number().meta({ description: 'How far its stamps are ahead of its wall clock.' }),
  clockCorrectionMs: z.number().meta({
    description: 'What it adds to its wall clock to hold deadlines and the stamps of clients against.',
  }),
  clockOffsets: z
    .array(
      z.object({
        member: z.string().meta({ description: 'Name of the member.' }),
        offsetMs: z.number().meta({ description: "How far its wall clock is ahead of the answering node's." }),
        errorMs: z.number().nonnegative().meta({ description: 'The offset is at most so much more or less.' }),
        ageMs: z.number().nonnegative().meta({ description: 'Since it was heard.' }),
      }),
    )
    .meta({ description: 'Of the members whose clock was heard lately.' }),
  members: z.array(memberSchema),
  keyspaces: z.array(keyspaceSchema),
  storage: storageSchema,
  diskFullForMs: z.number().nonnegative().optional().meta({
    description: 'Milliseconds since it began to refuse writes because its disk is full; absent: there is room.',
  }),
  repairDebt: z
    .object({
      partition: count,
      keyspaceId: count,
      peer: z.string().meta({ description: 'Name of the other owner.' }),
      ageMs: z.number().nonnegative(),
    })
    .optional()
    .meta({ description: 'The range and the other owner with whom it was compared the longest ago.' }),
  purgeDebt: z
    .object({
      partition: count,
      keyspaceId: count,
      member: z.string().meta({ description: 'Name of the member that holds it back.' }),
      reason: z.string().meta({
        description:
          'MEMBER_AWAY, HINTS_KEPT (hints from before the deletions), NOT_COMPARED (the two do not come to be the same), or the code of its refusal.',
      }),
      ageMs: z.number().nonnegative(),
    })
    .optional()
    .meta({
      description: 'The range led by the answering node that cannot forget its deletions for the longest time.',
    }),
  lostRanges: count.meta({
    description: 'Ranges of which something rotted on its disk and has not come back from their other owners yet.',
  }),
  hints: z
    .array(
      z.object({
        owner: z.string().meta({ description: 'Name of the member that they are for.' }),
        count: count.meta({ description: 'Kept here now.' }),
        bytes: count.meta({ description: 'Uncompressed, as they count towards the bound.' }),
        oldestAgeMs: z.number().nonnegative(),
        replayed: count.meta({ description: 'Handed over since the answering node started.' }),
        dropped: count.meta({
          description: 'Not kept, or not until the owner had them, for want of room or for their age, since then.',
        }),
      }),
    )
    .meta({ description: 'What the answering node keeps for members that are or were away.' }),
  requestBytes: count.meta({ description: 'Bytes that requests coordinated by the answering node hold.' }),
  counters: z.record(z.string(), count),
});

export type StatusView = z.input<typeof statusSchema>;

export function viewStatus(status: NodeStatus): StatusView {
  const { compactionFailure, compactionUnderWay, ...storage } = status.storage;
  const { purgeDebt, repairDebt, ...rest } = status;
  return {
    ...rest,
    members: status.members.map((member) => ({ ...member })),
    keyspaces: status.keyspaces.map((keyspace) => ({ ...keyspace })),
    storage: {
      ...storage,
      runsPerTier: [...storage.runsPerTier],
      ...(compactionUnderWay !== undefined && { compactionUnderWay: { ...compactionUnderWay } }),
      ...(compactionFailure !== undefined && { compactionFailure: compactionFailure.message }),
    },
    ...(repairDebt !== undefined && { repairDebt: { ...repairDebt, peer: nameIn(status, repairDebt.peer) } }),
    ...(purgeDebt !== undefined && { purgeDebt: { ...purgeDebt, member: nameIn(status, purgeDebt.member) } }),
    clockOffsets: status.clockOffsets.map(({ member, ...offset }) => ({ member: nameIn(status, member), ...offset })),
    hints: status.hints.map(({ owner, ...hints }) => ({ owner: nameIn(status, owner), ...hints })),
    counters: { ...status.counters },
  };
}

function nameIn({ members }: NodeStatus, id: string): string {
  return members.find((member) => member.id === id)?.name ?? id;
}
