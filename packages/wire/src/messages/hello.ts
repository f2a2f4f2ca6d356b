/** The first frame each way: who is there, and which versions, features and codecs it speaks. */

/** A client that does not know its cluster yet says this cluster id: any cluster will do. */
export const anyClusterId = '00000000-0000-0000-0000-000000000000';

export interface Hello {
  readonly type: 'hello';
  /** Protocol versions that the sender speaks, both ends included. */
  readonly lowestProtocol: number;
  readonly highestProtocol: number;
  /** Bit set, 32 bits; no bit is taken yet. */
  readonly features: number;
  /** Ids of the value codecs that the sender can decompress, at most 16. */
  readonly codecs: readonly number[];
  readonly clusterId: string;
  readonly nodeId: string;
  readonly role: 'node' | 'client';
  /** Raised at every start of a node; of a client any integer in [0, 2^53). */
  readonly generation: number;
  /** What the cluster's authentication asks for, at most 4096 bytes; empty where it asks for nothing. */
  readonly authentication: Uint8Array;
}
