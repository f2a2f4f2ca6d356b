/**
 * The frames and messages that nodes and clients exchange, and the records and keys that replicas store.
 *
 * Everything here is a pure function of bytes and values, but for {@link FrameDecoder}, which keeps the frame that has
 * only partly arrived. Whatever the bytes, the result is a value or a {@link WireError}.
 * @packageDocumentation
 */
export { copyBytes } from './bytes/copy-bytes.ts';
export { changeIdAt, changeIdMs } from './change-id.ts';
export { WireError, type WireErrorCode } from './errors.ts';
export { decodeFrame, encodeFrame } from './frame.ts';
export { FrameDecoder } from './frame-decoder.ts';
export { type Frame, type FrameHeader, maxFrameBytes } from './frame-header.ts';
export { decodeIdentity, encodeIdentity, type Identity } from './identity.ts';
export { maxContentTypeBytes, maxKeyBytes, maxMetaBytes, maxProposerBytes } from './layout/fields.ts';
export type { Change, ChangeCondition, ChangeFailure, ChangeReply, ChangeTo } from './messages/change.ts';
export type { Delete, Get, GetReply, Put, ReadFailed, WriteReply } from './messages/client.ts';
export type { GossipAck, GossipAck2, GossipDigest, GossipState, GossipStatus, GossipSyn } from './messages/gossip.ts';
export { anyClusterId, type Hello } from './messages/hello.ts';
export type { HintRead, HintWrite, RangeDirty } from './messages/hint.ts';
export type { Message, MessageType } from './messages/message.ts';
export type { PurgeHints, PurgeRaise, PurgeReply, PurgeSeal, PurgeWanted, RepairWrite } from './messages/purge.ts';
export type { Refusal } from './messages/refusal.ts';
export type {
  Accept,
  AcceptedRegister,
  AcceptReply,
  ChangeMemory,
  Prepare,
  PrepareReply,
  RegisterQuery,
  RegisterQueryReply,
  RegisterValue,
  RegisterWant,
} from './messages/register.ts';
export type { ReplicaRead, ReplicaReadReply, ReplicaWrite, ReplicaWriteReply, Want } from './messages/replica.ts';
export {
  maxScanEntries,
  type ReplicaScan,
  type ReplicaScanReply,
  type Scan,
  type ScanBounds,
  type ScannedEntry,
  type ScanReply,
} from './messages/scan.ts';
export type { ConflictRule, KeyspaceMode, TopologyKeyspace } from './messages/keyspace.ts';
export type { ChangeKeyspace, KeyspaceChange, KeyspaceSettings } from './messages/keyspace-change.ts';
export type {
  FoundSibling,
  GetSiblings,
  PutSibling,
  SiblingContent,
  Siblings,
  SiblingWriteReply,
  SiblingWriteRequest,
} from './messages/sibling.ts';
export type { Topology, TopologyMember, TopologyRequest, TopologyState } from './messages/topology.ts';
export type {
  TopologyAccept,
  TopologyAdopt,
  TopologyAdopted,
  TopologyBehind,
  TopologyPrepare,
  TopologyReply,
} from './messages/topology-register.ts';
export type { TreeCompare, TreeCompareReply, TreeEntry, TreeList, TreeListReply } from './messages/tree.ts';
export { type Agreement, highestProtocol, lowestProtocol, negotiate, type Offer } from './negotiate.ts';
export { decodeLossRecord, encodeLossRecord, type LossRecord, maxLostRanges } from './loss-record.ts';
export { decodePurgeRecord, encodePurgeRecord, type PurgeRecord } from './purge-record.ts';
export {
  compareMetaVersions,
  deadlineOfMeta,
  decodeRecordMeta,
  encodeRecordMeta,
  isSiblingSetMeta,
  isTombstoneMeta,
  type RecordMeta,
  type SiblingSetMeta,
  type TombstoneMeta,
  type ValueMeta,
  valueCodecs,
  versionBytesOfMeta,
  versionOfBytes,
  versionOfMeta,
} from './record-meta.ts';
export { decodeScanCursor, encodeScanCursor, type ScanCursor, scanFilter } from './scan-cursor.ts';
export { decodeContext, encodeContext, maxContextActors, maxContextBytes } from './siblings/sibling-context.ts';
export { decodeSiblings, encodeSiblings, type SiblingRecord, type SiblingValue } from './siblings/sibling-record.ts';
export {
  bytesOfBallot,
  decodeRegisterMeta,
  decodeRegisterValue,
  encodeRegisterMeta,
  encodeRegisterValue,
  type RegisterMeta,
} from './register-record.ts';
export {
  acceptorRange,
  type DataKey,
  dataRange,
  decodeAcceptorKey,
  decodeDataKey,
  decodeHintKey,
  decodeLossKey,
  decodePurgeKey,
  encodeAcceptorKey,
  encodeDataKey,
  encodeHintKey,
  encodeLossKey,
  encodePurgeKey,
  type HintKey,
  hintRange,
  hintsFrom,
  hintsOfAll,
  hintsOfRange,
  type KeyRange,
  keyspaceRanges,
  lossRecords,
  purgeRecords,
  storageKinds,
  systemKey,
  systemRecords,
} from './storage-key.ts';
export {
  decodeTopologyAcceptor,
  decodeTopologyRecord,
  encodeTopologyAcceptor,
  encodeTopologyRecord,
} from './topology-record.ts';
export { uuidFromBytes, uuidToBytes } from './uuid.ts';
