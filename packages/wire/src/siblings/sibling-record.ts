/**
 * A set of siblings as a record: what is in it is the value, its highest write id and its digest are the meta. A format that
 * lasts, drawn in docs/formats/sibling-set.md: a head with everything but the siblings' bytes, then those, one after the other
 * in the order of the head. Equal sets are equal bytes.
 *
 * The digest covers the head alone: a dot names its write for ever, so the bytes follow from it.
 */
import {
  type Context,
  type Dot,
  type RememberedWrite,
  type Sibling,
  type SiblingSet,
  type Version,
  compareVersions,
} from '@kv/quorum';
import { ByteReader } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { hash128Hex } from '../bytes/hash128.ts';
import { malformed, WireError } from '../errors.ts';
import { printableText } from '../layout/byte-strings.ts';
import { list, struct } from '../layout/composites.ts';
import { maxContentTypeBytes, version } from '../layout/fields.ts';
import { checkEnd, type Layout } from '../layout/layout.ts';
import { u32, u64, u8 } from '../layout/scalars.ts';
import { decodeRecordMeta, encodeRecordMeta } from '../record-meta.ts';
import { type ContextEntry, contextEntries, contextOf, entriesOf } from './sibling-context.ts';

/** The value of one sibling, as it is stored. */
export interface SiblingValue {
  /** Printable ASCII, at most 128 bytes. */
  readonly contentType: string;
  /** What `bytes` are compressed with, one of `valueCodecs`. */
  readonly codec: number;
  /** Bytes once decompressed. */
  readonly rawLength: number;
  readonly bytes: Uint8Array;
}

export interface SiblingRecord {
  readonly meta: Uint8Array;
  readonly value: Uint8Array;
}

/** Beyond what merging can bring together: 7 replicas with 32 each. */
const maxSiblings = 1024;
const maxWrites = 256;
const layoutVersion = 1;

/** A dot whose actor is told by its place in the context, which covers every dot of the set. */
interface PlacedDot {
  readonly place: number;
  readonly counter: number;
}

interface SiblingHead extends PlacedDot {
  readonly id: Version;
  readonly codec: number;
  readonly rawLength: number;
  readonly contentType: string;
  readonly length: number;
}

interface PlacedWrite extends PlacedDot {
  readonly id: Version;
}

interface Head {
  readonly layout: number;
  readonly context: readonly ContextEntry[];
  readonly siblings: readonly SiblingHead[];
  readonly writes: readonly PlacedWrite[];
}

const head: Layout<Head> = struct<Head>({
  layout: u8,
  context: contextEntries,
  siblings: list(
    struct<SiblingHead>({
      place: u8,
      counter: u64,
      id: version,
      codec: u8,
      rawLength: u32,
      contentType: printableText(maxContentTypeBytes),
      length: u32,
    }),
    maxSiblings,
  ),
  writes: list(struct<PlacedWrite>({ place: u8, counter: u64, id: version }), maxWrites),
});

/** @throws WireError MALFORMED for a set that the format cannot hold, or that no write ever made */
export function encodeSiblings(set: SiblingSet<SiblingValue>): SiblingRecord {
  const headed = headOf(set);
  const headBytes = head.size(headed);
  const writer = new ByteWriter(set.siblings.reduce((size, { value }) => size + value.bytes.length, headBytes));
  head.write(writer, headed);
  for (const { value } of set.siblings) writer.bytes(value.bytes);
  const value = writer.finish();
  const digest = hash128Hex(value.subarray(0, headBytes));
  const siblings = headed.siblings.length;
  return { meta: encodeRecordMeta({ kind: 'sibling-set', version: highestOf(headed), digest, siblings }), value };
}

/**
 * The set; bytes in it are views of the record.
 * @throws WireError UNSUPPORTED_VERSION for a newer layout, MALFORMED also when the meta is not that of this set
 */
export function decodeSiblings({ meta, value }: SiblingRecord): SiblingSet<SiblingValue> {
  const described = decodeRecordMeta(meta);
  if (described.kind !== 'sibling-set') throw malformed(`needed a sibling set, got a ${described.kind}`);
  const [layout = 0] = value;
  if (layout > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a sibling set of layout ${layoutVersion}, got layout ${layout}`);
  }
  const reader = new ByteReader(value);
  const headed = head.read(reader);
  const digest = hash128Hex(value.subarray(0, value.length - reader.remaining));
  const isIts = digest === described.digest && headed.siblings.length === described.siblings;
  if (layout === 0 || !isIts || compareVersions(highestOf(headed), described.version) !== 0) {
    throw malformed('needed the sibling set that its meta describes, got another one');
  }
  const set = setOf(headed, reader);
  checkEnd(reader);
  return set;
}

function headOf({ context, siblings, writes }: SiblingSet<SiblingValue>): Head {
  const entries = entriesOf(context);
  const places = new Map(entries.map(({ actor }, place) => [actor, place]));
  const placed = ({ actor, counter }: Dot): PlacedDot => ({ place: places.get(actor) ?? entries.length, counter });
  const headed = {
    layout: layoutVersion,
    context: entries,
    siblings: siblings.map(({ dot, id, value: { codec, rawLength, contentType, bytes } }) => {
      return { ...placed(dot), id, codec, rawLength, contentType, length: bytes.length };
    }),
    writes: writes.map(({ dot, id }) => ({ ...placed(dot), id })),
  };
  checkOrder(headed);
  return headed;
}

function setOf(headed: Head, reader: ByteReader): SiblingSet<SiblingValue> {
  checkOrder(headed);
  const context: Context = contextOf(headed.context);
  const dotOf = ({ place, counter }: PlacedDot): Dot => ({ actor: headed.context[place]?.actor ?? '', counter });
  const siblings = headed.siblings.map((sibling): Sibling<SiblingValue> => {
    const { id, codec, rawLength, contentType, length } = sibling;
    return { dot: dotOf(sibling), id, value: { contentType, codec, rawLength, bytes: reader.bytes(length) } };
  });
  const writes = headed.writes.map((write): RememberedWrite => ({ id: write.id, dot: dotOf(write) }));
  return { context, siblings, writes };
}

/** One form for each set: dots that the context covers, siblings and writes each in order and once. */
function checkOrder({ context, siblings, writes }: Head): void {
  for (const dots of [siblings, writes]) {
    dots.forEach((dot, index) => {
      const known = context[dot.place]?.counter ?? 0;
      if (dot.counter < 1 || dot.counter > known)
        throw malformed('needed dots that the context covers, got another one');
      const before = dots[index - 1];
      if (before !== undefined && compareWrites(before, dot) >= 0)
        throw malformed('needed ascending writes, got others');
    });
  }
}

/** Places ascend with actors. */
function compareWrites(a: PlacedWrite, b: PlacedWrite): number {
  return compareVersions(a.id, b.id) || a.counter - b.counter || a.place - b.place;
}

function highestOf({ writes }: Head): Version {
  const last = writes.at(-1);
  if (last === undefined) throw malformed('needed a set that remembers its last write, got one without writes');
  return last.id;
}
