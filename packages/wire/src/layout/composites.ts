/** Layouts made of others: structures, optional fields, lists, alternatives, and views of another type. */
import type { ByteReader } from '../bytes/byte-reader.ts';
import { locate, malformed } from '../errors.ts';
import type { Layout } from './layout.ts';
import { choice, constant } from './scalars.ts';

/** The layout of each field, in the order of the bytes. A field that may be absent takes an {@link optional} layout. */
export type Fields<T> = { readonly [Name in keyof T]-?: Layout<T[Name]> };

/** The fields one after the other. An absent field is left out of the value that is read, never set to undefined. */
export function struct<T extends object>(fields: Fields<T>): Layout<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const parts = names.map((name) => ({ name, layout: fields[name] as Layout<unknown> }));
  return {
    minSize: parts.reduce((sum, { layout }) => sum + layout.minSize, 0),
    size: (value) => {
      let size = 0;
      let at = '';
      try {
        for (const { name, layout } of parts) {
          at = name;
          size += layout.size(value[name]);
        }
      } catch (error) {
        throw locate(error, at);
      }
      return size;
    },
    write: (writer, value) => {
      let at = '';
      try {
        for (const { name, layout } of parts) {
          at = name;
          layout.write(writer, value[name]);
        }
      } catch (error) {
        throw locate(error, at);
      }
    },
    read: (reader) => {
      const value: Partial<Record<keyof T, unknown>> = {};
      let at = '';
      try {
        for (const { name, layout } of parts) {
          at = name;
          const field = layout.read(reader);
          if (field !== undefined) value[name] = field;
        }
      } catch (error) {
        throw locate(error, at);
      }
      return value as T;
    },
  };
}

/** `u8 present (0 or 1)`, then the item if 1. */
export function optional<T>(item: Layout<T>): Layout<T | undefined> {
  return {
    minSize: 1,
    size: (value) => (value === undefined ? 1 : 1 + item.size(value)),
    write: (writer, value) => {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) item.write(writer, value);
    },
    read: (reader) => {
      const present = reader.u8();
      if (present > 1) throw malformed(`needed 0 (absent) or 1 (present), got ${present}`);
      return present === 1 ? item.read(reader) : undefined;
    },
  };
}

/** `u32 count`, then the items. A count is believed only as far as the bytes that remain could hold it. */
export function list<T>(item: Layout<T>, max: number): Layout<readonly T[]> {
  return {
    minSize: 4,
    size: (items) => {
      if (items.length > max) throw malformed(`needed at most ${max} items, got ${items.length}`);
      let size = 4;
      eachIndex(items.length, (index) => {
        size += item.size(items[index] as T);
      });
      return size;
    },
    write: (writer, items) => {
      writer.u32(items.length);
      eachIndex(items.length, (index) => item.write(writer, items[index] as T));
    },
    read: (reader) => {
      const items: T[] = [];
      eachIndex(plausibleCount(reader, item.minSize, max), () => items.push(item.read(reader)));
      return items;
    },
  };
}

/** Of each alternative of the union `T`, by the value of its field `Tag`: its frozen code, and its other fields. */
export type Variants<T, Tag extends keyof T> = {
  readonly [Name in T[Tag] & string]: readonly [
    code: number,
    fields: Fields<Omit<Extract<T, { readonly [Key in Tag]: Name }>, Tag>>,
  ];
};

/** `u8 code`, then the fields of the alternative that it stands for. */
export function oneOf<T extends { readonly [Key in Tag]: string }, Tag extends keyof T & string>(
  tag: Tag,
  variants: Variants<T, Tag>,
): Layout<T> {
  const entries = Object.entries<readonly [number, object]>(variants);
  const name = choice<string>(Object.fromEntries(entries.map(([key, [code]]) => [key, code])));
  const layouts = new Map(
    entries.map(([key, [, fields]]) => [key, struct({ [tag]: constant(key), ...fields }) as unknown as Layout<T>]),
  );
  const layoutOf = (key: string): Layout<T> => {
    const layout = layouts.get(key);
    if (layout === undefined) throw malformed(`needed one of ${[...layouts.keys()].join(', ')}, got ${key}`);
    return layout;
  };
  return {
    minSize: 1 + Math.min(...Array.from(layouts.values(), (layout) => layout.minSize)),
    size: (value) => 1 + layoutOf(value[tag]).size(value),
    write: (writer, value) => {
      name.write(writer, value[tag]);
      layoutOf(value[tag]).write(writer, value);
    },
    read: (reader) => layoutOf(name.read(reader)).read(reader),
  };
}

/** A `T` that lies in bytes as a `Laid`. Either function may refuse with a WireError. */
export function mapped<T, Laid>(layout: Layout<Laid>, lay: (value: T) => Laid, lift: (laid: Laid) => T): Layout<T> {
  return {
    minSize: layout.minSize,
    size: (value) => layout.size(lay(value)),
    write: (writer, value) => layout.write(writer, lay(value)),
    read: (reader) => lift(layout.read(reader)),
  };
}

/** A rule over the whole value, kept on both sides; `check` refuses with a WireError. */
export function checked<T>(layout: Layout<T>, check: (value: T) => void): Layout<T> {
  const pass = (value: T): T => {
    check(value);
    return value;
  };
  return mapped(layout, pass, pass);
}

function plausibleCount(reader: ByteReader, itemSize: number, max: number): number {
  const count = reader.u32();
  const possible = Math.min(max, Math.floor(reader.remaining / itemSize));
  if (count > possible) {
    throw malformed(`needed at most ${max} items that fit ${reader.remaining} bytes, got a count of ${count}`);
  }
  return count;
}

function eachIndex(count: number, visit: (index: number) => void): void {
  let index = 0;
  try {
    for (; index < count; index += 1) visit(index);
  } catch (error) {
    throw locate(error, `[${index}]`);
  }
}
