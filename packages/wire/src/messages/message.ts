/** Every message there is, as one union discriminated by `type`. */
import { WireError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import {
  type Delete,
  type Get,
  type GetReply,
  type Put,
  type ReadFailed,
  type WriteReply,
  deleteKey,
  get,
  getReply,
  put,
  readFailed,
  writeReply,
} from './client.ts';
import { type Change, type ChangeReply, change, changeReply } from './change.ts';
import { type GossipAck, type GossipAck2, type GossipSyn, gossipAck, gossipAck2, gossipSyn } from './gossip.ts';
import { type Hello, hello } from './hello.ts';
import { type HintRead, type HintWrite, type RangeDirty, hintRead, hintWrite, rangeDirty } from './hint.ts';
import {
  type PurgeHints,
  type PurgeRaise,
  type PurgeReply,
  type PurgeSeal,
  type PurgeWanted,
  type RepairWrite,
  purgeHints,
  purgeRaise,
  purgeReply,
  purgeSeal,
  purgeWanted,
  repairWrite,
} from './purge.ts';
import { type Refusal, refusal } from './refusal.ts';
import {
  type Accept,
  type AcceptReply,
  type Prepare,
  type PrepareReply,
  type RegisterQuery,
  type RegisterQueryReply,
  accept,
  acceptReply,
  prepare,
  prepareReply,
  registerQuery,
  registerQueryReply,
} from './register.ts';
import {
  type ReplicaRead,
  type ReplicaReadReply,
  type ReplicaWrite,
  type ReplicaWriteReply,
  replicaRead,
  replicaReadReply,
  replicaWrite,
  replicaWriteReply,
} from './replica.ts';
import { type ChangeKeyspace, changeKeyspace } from './keyspace-change.ts';
import {
  type ReplicaScan,
  type ReplicaScanReply,
  type Scan,
  type ScanReply,
  replicaScan,
  replicaScanReply,
  scan,
  scanReply,
} from './scan.ts';
import {
  type GetSiblings,
  type PutSibling,
  type Siblings,
  type SiblingWriteReply,
  type SiblingWriteRequest,
  getSiblings,
  putSibling,
  siblings,
  siblingWrite,
  siblingWriteReply,
} from './sibling.ts';
import { type Topology, type TopologyRequest, topology, topologyRequest } from './topology.ts';
import {
  type TopologyAccept,
  type TopologyAdopt,
  type TopologyAdopted,
  type TopologyBehind,
  type TopologyPrepare,
  type TopologyReply,
  topologyAccept,
  topologyAdopt,
  topologyAdopted,
  topologyBehind,
  topologyPrepare,
  topologyReply,
} from './topology-register.ts';
import {
  type TreeCompare,
  type TreeCompareReply,
  type TreeList,
  type TreeListReply,
  treeCompare,
  treeCompareReply,
  treeList,
  treeListReply,
} from './tree.ts';

export type Message =
  | Hello
  | Refusal
  | GossipSyn
  | GossipAck
  | GossipAck2
  | ReplicaWrite
  | ReplicaWriteReply
  | ReplicaRead
  | ReplicaReadReply
  | TreeCompare
  | TreeCompareReply
  | TreeList
  | TreeListReply
  | HintWrite
  | HintRead
  | RangeDirty
  | Get
  | GetReply
  | Put
  | Delete
  | WriteReply
  | ReadFailed
  | Change
  | ChangeReply
  | TopologyRequest
  | Topology
  | ChangeKeyspace
  | TopologyPrepare
  | TopologyAccept
  | TopologyReply
  | TopologyAdopt
  | TopologyAdopted
  | TopologyBehind
  | ReplicaScan
  | ReplicaScanReply
  | Scan
  | ScanReply
  | Prepare
  | PrepareReply
  | Accept
  | AcceptReply
  | RegisterQuery
  | RegisterQueryReply
  | SiblingWriteRequest
  | SiblingWriteReply
  | GetSiblings
  | Siblings
  | PutSibling
  | PurgeHints
  | PurgeSeal
  | PurgeReply
  | PurgeRaise
  | PurgeWanted
  | RepairWrite;
export type MessageType = Message['type'];

type Entries = {
  readonly [Type in MessageType]: readonly [code: number, layout: Layout<Extract<Message, { readonly type: Type }>>];
};

/** The type byte and the body of every message. Frozen: never change or reuse a number. */
const entries: Entries = {
  hello: [1, hello],
  error: [2, refusal],
  'gossip-syn': [10, gossipSyn],
  'gossip-ack': [11, gossipAck],
  'gossip-ack2': [12, gossipAck2],
  'range-dirty': [15, rangeDirty],
  'replica-write': [20, replicaWrite],
  'replica-write-reply': [21, replicaWriteReply],
  'replica-read': [22, replicaRead],
  'replica-read-reply': [23, replicaReadReply],
  'tree-compare': [24, treeCompare],
  'tree-compare-reply': [25, treeCompareReply],
  'tree-list': [26, treeList],
  'tree-list-reply': [27, treeListReply],
  'hint-write': [28, hintWrite],
  'hint-read': [29, hintRead],
  get: [30, get],
  'get-reply': [31, getReply],
  put: [32, put],
  delete: [33, deleteKey],
  'write-reply': [34, writeReply],
  'read-failed': [35, readFailed],
  change: [36, change],
  'change-reply': [37, changeReply],
  'topology-request': [40, topologyRequest],
  topology: [41, topology],
  'change-keyspace': [42, changeKeyspace],
  'topology-prepare': [44, topologyPrepare],
  'topology-accept': [45, topologyAccept],
  'topology-reply': [46, topologyReply],
  'topology-adopt': [47, topologyAdopt],
  'topology-adopted': [48, topologyAdopted],
  'topology-behind': [49, topologyBehind],
  'replica-scan': [70, replicaScan],
  'replica-scan-reply': [71, replicaScanReply],
  scan: [72, scan],
  'scan-reply': [73, scanReply],
  prepare: [50, prepare],
  'prepare-reply': [51, prepareReply],
  accept: [52, accept],
  'accept-reply': [53, acceptReply],
  'register-query': [54, registerQuery],
  'register-query-reply': [55, registerQueryReply],
  'sibling-write': [60, siblingWrite],
  'sibling-write-reply': [61, siblingWriteReply],
  'get-siblings': [62, getSiblings],
  siblings: [63, siblings],
  'put-sibling': [64, putSibling],
  'purge-hints': [80, purgeHints],
  'purge-seal': [81, purgeSeal],
  'purge-reply': [82, purgeReply],
  'purge-raise': [83, purgeRaise],
  'repair-write': [84, repairWrite],
  'purge-wanted': [85, purgeWanted],
};

/** How one type of message travels. */
export interface MessageFormat {
  readonly type: MessageType;
  readonly code: number;
  readonly body: Layout<Message>;
}

const formats = Object.entries(entries).map(
  ([type, [code, body]]) => ({ type, code, body }) as unknown as MessageFormat,
);
const byType = new Map<string, MessageFormat>(formats.map((format) => [format.type, format]));
const byCode = new Map<number, MessageFormat>(formats.map((format) => [format.code, format]));

/** @throws WireError UNKNOWN_MESSAGE */
export function formatOfType(type: string): MessageFormat {
  const format = byType.get(type);
  if (format !== undefined) return format;
  throw new WireError('UNKNOWN_MESSAGE', `needed a message type of this version, got ${JSON.stringify(type)}`);
}

/** @throws WireError UNKNOWN_MESSAGE */
export function formatOfCode(code: number): MessageFormat {
  const format = byCode.get(code);
  if (format !== undefined) return format;
  throw new WireError('UNKNOWN_MESSAGE', `needed a message type of this version, got the code ${code}`);
}
