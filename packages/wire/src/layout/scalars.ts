/** Layouts of a fixed size: numbers, booleans, named choices and constants. */
import type { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { malformed } from '../errors.ts';
import type { Layout } from './layout.ts';

export const u8: Layout<number> = integer(1, 'u8', 2 ** 8);
export const u16: Layout<number> = integer(2, 'u16', 2 ** 16);
export const u32: Layout<number> = integer(4, 'u32', 2 ** 32);
export const u48: Layout<number> = integer(6, 'u48', 2 ** 48);
/** Eight bytes that hold an integer below 2^53. */
export const u64: Layout<number> = integer(8, 'u64', 2 ** 53);

/** A finite number that is not negative, as IEEE 754 binary64. */
export const quantity: Layout<number> = fixed(
  8,
  (writer, value) => writer.f64(checkedQuantity(value)),
  (reader) => checkedQuantity(reader.f64()),
);

/** Milliseconds as u32 microseconds; what is longer than 71 minutes saturates. */
export const microseconds: Layout<number> = fixed(
  4,
  (writer, value) => writer.u32(Math.min(2 ** 32 - 1, Math.round(checkedQuantity(value) * 1000))),
  (reader) => reader.u32() / 1000,
);

/** One byte, 0 or 1. */
export const boolean: Layout<boolean> = fixed(
  1,
  (writer, value) => writer.u8(value ? 1 : 0),
  (reader) => {
    const byte = reader.u8();
    if (byte > 1) throw malformed(`needed 0 or 1, got ${byte}`);
    return byte === 1;
  },
);

/** One of a closed set of names, as one byte. `codes` are frozen: never change or reuse one. */
export function choice<Name extends string>(codes: Readonly<Record<Name, number>>): Layout<Name> {
  const codeOf = new Map<string, number>(Object.entries<number>(codes));
  const nameOf = new Map<number, Name>(Array.from(codeOf, ([name, code]) => [code, name as Name]));
  if (nameOf.size !== codeOf.size) throw new RangeError('two names of a choice share a code');
  return fixed(
    1,
    (writer, value) => {
      const code = codeOf.get(value);
      if (code === undefined) throw malformed(`needed one of ${[...codeOf.keys()].join(', ')}, got ${String(value)}`);
      writer.u8(code);
    },
    (reader) => {
      const code = reader.u8();
      const name = nameOf.get(code);
      if (name === undefined) throw malformed(`needed one of ${[...nameOf.keys()].join(', ')}, got ${code}`);
      return name;
    },
  );
}

/** A field that every value of a type has: takes no bytes. */
export function constant<T extends string>(value: T): Layout<T> {
  return fixed(
    0,
    () => undefined,
    () => value,
  );
}

/** A layout whose values all take `bytes` bytes. */
export function fixed<T>(
  bytes: number,
  write: (writer: ByteWriter, value: T) => void,
  read: (reader: ByteReader) => T,
): Layout<T> {
  return { minSize: bytes, size: () => bytes, write, read };
}

function integer(bytes: number, name: 'u8' | 'u16' | 'u32' | 'u48' | 'u64', limit: number): Layout<number> {
  return fixed(
    bytes,
    (writer, value) => {
      if (!Number.isInteger(value) || value < 0 || value >= limit) {
        throw malformed(`needed an integer from 0 to ${limit - 1}, got ${value}`);
      }
      writer[name](value);
    },
    (reader) => reader[name](),
  );
}

function checkedQuantity(value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw malformed(`needed a finite number of at least 0, got ${value}`);
}
