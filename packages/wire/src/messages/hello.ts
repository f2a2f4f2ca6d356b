/** The first frame each way: who is there, and which versions, features and codecs it speaks. */
import { malformed } from '../errors.ts';
import { shortBytes } from '../layout/byte-strings.ts';
import { list, struct } from '../layout/composites.ts';
import { uuid } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { choice, constant, fixed, u16, u32, u64, u8 } from '../layout/scalars.ts';

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

/** The bytes 'K', 'V' before everything else: who calls the wrong port is told so, not that some length is odd. */
const magicWord = 0x4b56;
const magic: Layout<undefined> = fixed(
  2,
  (writer) => writer.u16(magicWord),
  (reader) => {
    const word = reader.u16();
    if (word !== magicWord) throw malformed(`needed 0x${magicWord.toString(16)}, got 0x${word.toString(16)}`);
    return undefined;
  },
);

/** The same in every protocol version, or versions could not be negotiated: what is new goes into `features`. */
export const hello: Layout<Hello> = struct<Hello & { readonly magic?: undefined }>({
  magic,
  type: constant('hello'),
  lowestProtocol: u16,
  highestProtocol: u16,
  features: u32,
  codecs: list(u8, 16),
  clusterId: uuid,
  nodeId: uuid,
  role: choice<Hello['role']>({ node: 1, client: 2 }),
  generation: u64,
  authentication: shortBytes(0, 4096),
});
