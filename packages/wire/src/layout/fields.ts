/** Layouts of the words that many messages share. */
import type { Ballot, Stamp, Version } from '@kv/quorum';
import { malformed } from '../errors.ts';
import { list, mapped, struct } from './composites.ts';
import { printableText, shortBytes, text } from './byte-strings.ts';
import type { Layout } from './layout.ts';
import { fixed, u16, u48, u64 } from './scalars.ts';

export const maxKeyBytes = 4096;
export const maxMetaBytes = 255;
export const maxContentTypeBytes = 128;
export const maxProposerBytes = 64;

/** Ids of members, clients and clusters: 16 bytes, in programs the 36 lowercase characters of RFC 9562. */
export const uuid: Layout<string> = fixed(
  16,
  (writer, value) => {
    if (value.length !== 36 || [8, 13, 18, 23].some((at) => value[at] !== '-')) throw notUuid(value);
    writer.hex(value, 0, 8);
    writer.hex(value, 9, 13);
    writer.hex(value, 14, 18);
    writer.hex(value, 19, 23);
    writer.hex(value, 24, 36);
  },
  (reader) => `${reader.hex(4)}-${reader.hex(2)}-${reader.hex(2)}-${reader.hex(2)}-${reader.hex(6)}`,
);

/** `u48 ms · u16 counter`: byte order is stamp order. */
export const stamp: Layout<Stamp> = struct<Stamp>({ ms: u48, counter: u16 });

const actor: Layout<string> = fixed(
  16,
  (writer, value) => {
    if (value.length !== 32) throw malformed(`needed an actor of 32 hexadecimal digits, got ${JSON.stringify(value)}`);
    writer.hex(value, 0, 32);
  },
  (reader) => reader.hex(16),
);

/** 16 bytes, in programs 32 hexadecimal digits. */
export const digest: Layout<string> = hexDigits(16, 'a digest');

/** Who gives dots: 16 bytes of a member's id · `u48` of when its storage was made; in programs 44 hexadecimal digits. */
export const dotActor: Layout<string> = hexDigits(22, 'an actor of dots');

function hexDigits(bytes: number, what: string): Layout<string> {
  const digits = 2 * bytes;
  return fixed(
    bytes,
    (writer, value) => {
      if (value.length !== digits) {
        throw malformed(`needed ${what} of ${digits} hexadecimal digits, got ${JSON.stringify(value)}`);
      }
      writer.hex(value, 0, digits);
    },
    (reader) => reader.hex(bytes),
  );
}

/** `u48 ms · u16 counter · 16 bytes actor`: byte order is version order. */
export const version: Layout<Version> = struct<Version>({ ms: u48, counter: u16, actor });

/** The number of an attempt to change a register; proposers have names of at most 64 bytes of printable ASCII. */
export const ballot: Layout<Ballot> = struct<Ballot>({ counter: u64, proposer: printableText(maxProposerBytes) });

/** A user's key. */
export const key: Layout<Uint8Array> = shortBytes(1, maxKeyBytes);

/** A record meta, not looked into. */
export const meta: Layout<Uint8Array> = shortBytes(0, maxMetaBytes);

interface TextEntry {
  readonly name: string;
  readonly text: string;
}

/** A list of `text name · text text`, ascending by name in UTF-16 code units, each name once: one map, one form. */
export function textMap(
  maxEntries: number,
  maxName: number,
  maxText: number,
): Layout<Readonly<Record<string, string>>> {
  const entries = list(struct<TextEntry>({ name: text(maxName), text: text(maxText) }), maxEntries);
  return mapped(
    entries,
    (map) =>
      Object.keys(map)
        .sort()
        .map((name) => ({ name, text: map[name] ?? '' })),
    (laid) => {
      laid.forEach((entry, index) => {
        const before = laid[index - 1];
        if (before !== undefined && before.name >= entry.name) throw malformed('needed ascending names, got others');
      });
      return Object.fromEntries(laid.map((entry) => [entry.name, entry.text]));
    },
  );
}

function notUuid(value: string): Error {
  return malformed(`needed a UUID in lowercase, got ${JSON.stringify(value)}`);
}
