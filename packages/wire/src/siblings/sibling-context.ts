/**
 * A context as clients carry it: opaque to them, and of one key. A format that lasts as long as a client keeps it:
 *
 *   u8 layout (1) · check (8 bytes) · list of (actor 22 bytes · u64 counter), ascending by actor
 *
 * The check covers keyspace, key and list, so that what was damaged, or read from another key, is refused: its counters would
 * mean other writes, and writing with it would replace what nobody had read. Drawn in docs/formats/sibling-set.md.
 */
import type { Context } from '@kv/quorum';
import { hash128 } from '../bytes/hash128.ts';
import { malformed, WireError } from '../errors.ts';
import { checked, list, mapped, struct } from '../layout/composites.ts';
import { dotActor } from '../layout/fields.ts';
import { decode, encode, type Layout } from '../layout/layout.ts';
import { fixed, u32, u64, u8 } from '../layout/scalars.ts';

/** Actors in one context: owners of the key, of now and of before. */
export const maxContextActors = 256;

export interface ContextEntry {
  readonly actor: string;
  readonly counter: number;
}

const entry: Layout<ContextEntry> = checked(struct<ContextEntry>({ actor: dotActor, counter: u64 }), ({ counter }) => {
  if (counter === 0) throw malformed('needed a counter from 1, got 0');
});

/** A context in its one form: ascending by actor. */
export const contextEntries: Layout<readonly ContextEntry[]> = checked(list(entry, maxContextActors), (entries) => {
  entries.forEach(({ actor }, index) => {
    const before = entries[index - 1];
    if (before !== undefined && before.actor >= actor) throw malformed('needed ascending actors, got others');
  });
});

export function entriesOf(context: Context): ContextEntry[] {
  const entries = Array.from(context, ([actor, counter]) => ({ actor, counter }));
  return entries.sort((a, b) => (a.actor < b.actor ? -1 : 1));
}

export function contextOf(entries: readonly ContextEntry[]): Context {
  return new Map(entries.map(({ actor, counter }) => [actor, counter]));
}

const contextLayout: Layout<Context> = mapped(contextEntries, entriesOf, contextOf);

const tokenLayout = 1;
const checkBytes = 8;
const headBytes = 1 + checkBytes;

/** Bytes of the longest context. */
export const maxContextBytes: number = headBytes + 4 + maxContextActors * entry.minSize;

interface Token {
  readonly layout: number;
  readonly check: readonly [number, number];
  readonly context: Context;
}

const check = fixed<readonly [number, number]>(
  checkBytes,
  (writer, [high, low]) => {
    writer.u32(high);
    writer.u32(low);
  },
  (reader) => [reader.u32(), reader.u32()],
);
const token = struct<Token>({ layout: u8, check, context: contextLayout });

/** @throws WireError MALFORMED for more than {@link maxContextActors} actors */
export function encodeContext(context: Context, keyspaceId: number, key: Uint8Array): Uint8Array<ArrayBuffer> {
  return encode(token, { layout: tokenLayout, check: checkOf(context, keyspaceId, key), context });
}

/** @throws WireError UNSUPPORTED_VERSION for a newer layout, MALFORMED for anything but a context of this very key */
export function decodeContext(bytes: Uint8Array, keyspaceId: number, key: Uint8Array): Context {
  const [layout = 0] = bytes;
  if (layout > tokenLayout) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a context of layout ${tokenLayout}, got layout ${layout}`);
  }
  const { context, check: found } = decode(token, bytes);
  const expected = checkOf(context, keyspaceId, key);
  if (layout === 0 || found[0] !== expected[0] || found[1] !== expected[1]) {
    throw malformed('needed a context that was read from this key, got another one');
  }
  return context;
}

interface Checked {
  readonly keyspaceId: number;
  readonly key: Uint8Array;
  readonly context: Context;
}

const raw: Layout<Uint8Array> = {
  minSize: 0,
  size: (bytes) => bytes.length,
  write: (writer, bytes) => writer.bytes(bytes),
  read: (reader) => reader.bytes(reader.remaining),
};
const covered = struct<Checked>({ keyspaceId: u32, context: contextLayout, key: raw });

function checkOf(context: Context, keyspaceId: number, key: Uint8Array): readonly [number, number] {
  const [high, low] = hash128(encode(covered, { keyspaceId, context, key }));
  return [high, low];
}
