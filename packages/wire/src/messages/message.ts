/** Every message there is, as one union discriminated by `type`. */
import type { Delete, Get, GetReply, Put, ReadFailed, WriteReply } from './client.ts';
import type { GossipAck, GossipAck2, GossipSyn } from './gossip.ts';
import type { Hello } from './hello.ts';
import type { Refusal } from './refusal.ts';
import type { ReplicaRead, ReplicaReadReply, ReplicaWrite, ReplicaWriteReply } from './replica.ts';
import type { Topology, TopologyRequest } from './topology.ts';

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
  | Get
  | GetReply
  | Put
  | Delete
  | WriteReply
  | ReadFailed
  | TopologyRequest
  | Topology;
export type MessageType = Message['type'];
