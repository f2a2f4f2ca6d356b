/**
 * What an acceptor of a strong keyspace stores under a key: a format that lasts, drawn in docs/formats/record.md.
 *
 * The meta holds what tells one state from another, so that queries and hash trees need not read values: the version of
 * the value (of zeros while nothing was accepted), the ballot promised and the ballot accepted, and whether it is a deletion. The value of the entry is
 * what was accepted, empty while nothing was.
 */
import type { Ballot, Version } from '@kv/quorum';
import { malformed, WireError } from './errors.ts';
import { ByteWriter } from './bytes/byte-writer.ts';
import { optional, struct } from './layout/composites.ts';
import { ballot, version } from './layout/fields.ts';
import { decode, encode } from './layout/layout.ts';
import { boolean, u8 } from './layout/scalars.ts';
import { type RegisterValue, registerValue } from './messages/register.ts';

export interface RegisterMeta {
  readonly version: Version;
  readonly promised?: Ballot;
  readonly accepted?: Ballot;
  /** Whether what was accepted is a deletion. */
  readonly deleted: boolean;
}

const layoutVersion = 1;
const registerKind = 4;

const envelope = struct<RegisterMeta & { readonly layout: number; readonly kind: number }>({
  layout: u8,
  kind: u8,
  version,
  promised: optional(ballot),
  accepted: optional(ballot),
  deleted: boolean,
});

/** @throws WireError MALFORMED for a ballot that the format cannot hold */
export function encodeRegisterMeta(meta: RegisterMeta): Uint8Array<ArrayBuffer> {
  return encode(envelope, { ...meta, layout: layoutVersion, kind: registerKind });
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED, also for a meta of another kind */
export function decodeRegisterMeta(bytes: Uint8Array): RegisterMeta {
  const [found = 0, kind = 0] = bytes;
  if (found > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a record meta of layout ${layoutVersion}, got layout ${found}`);
  }
  if (kind !== registerKind) throw malformed(`needed a register (kind ${registerKind}), got kind ${kind}`);
  const { layout, kind: _, ...meta } = decode(envelope, bytes);
  if (layout !== layoutVersion)
    throw malformed(`needed a record meta of layout ${layoutVersion}, got layout ${layout}`);
  return meta;
}

/** A ballot as hash trees count it: bytes whose order is the order of ballots, `u64 counter · bytes proposer`. */
export function bytesOfBallot({ counter, proposer }: Ballot): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(8 + proposer.length);
  writer.u64(counter);
  writer.utf8(proposer, proposer.length);
  return writer.finish();
}

/** @throws WireError MALFORMED for a value that the format cannot hold */
export function encodeRegisterValue(value: RegisterValue): Uint8Array<ArrayBuffer> {
  return encode(registerValue, value);
}

/** Byte fields are views of `bytes`. @throws WireError MALFORMED */
export function decodeRegisterValue(bytes: Uint8Array): RegisterValue {
  return decode(registerValue, bytes);
}
