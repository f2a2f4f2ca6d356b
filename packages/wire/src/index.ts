/**
 * The frames and messages that nodes and clients exchange, and the records and keys that replicas store.
 * @packageDocumentation
 */
export { WireError, type WireErrorCode } from './errors.ts';
export { type Frame, type FrameHeader, maxFrameBytes } from './frame-header.ts';
export type { Delete, Get, GetReply, Put, ReadFailed, WriteReply } from './messages/client.ts';
export type {
  GossipAck,
  GossipAck2,
  GossipDigest,
  GossipState,
  GossipStatus,
  GossipSyn,
} from './messages/gossip.ts';
export { anyClusterId, type Hello } from './messages/hello.ts';
export type { Message, MessageType } from './messages/message.ts';
export type { Refusal } from './messages/refusal.ts';
export type { ReplicaRead, ReplicaReadReply, ReplicaWrite, ReplicaWriteReply, Want } from './messages/replica.ts';
export type { Topology, TopologyKeyspace, TopologyMember, TopologyRequest } from './messages/topology.ts';
