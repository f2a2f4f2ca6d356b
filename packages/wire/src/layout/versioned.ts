/** Records that last: their first byte is the version of their layout, so that an older node says what it cannot read. */
import { malformed, WireError } from '../errors.ts';
import { decode, encode, type Layout } from './layout.ts';
import { u8 } from './scalars.ts';

export interface VersionedRecord<Fields> {
  /** @throws WireError MALFORMED for what the layout cannot hold */
  encode(record: Fields): Uint8Array<ArrayBuffer>;
  /** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
  decode(bytes: Uint8Array): Fields;
}

/** `u8 version · fields`. `name`: with its article, for messages. */
export function versionedRecord<Fields>(
  name: string,
  version: number,
  fields: Layout<Fields>,
): VersionedRecord<Fields> {
  const mismatch = (found: number): string => `needed ${name} of layout ${version}, got layout ${found}`;
  const record: Layout<Fields> = {
    minSize: u8.minSize + fields.minSize,
    size: (value) => u8.size(version) + fields.size(value),
    write(writer, value) {
      u8.write(writer, version);
      fields.write(writer, value);
    },
    read(reader) {
      const found = u8.read(reader);
      if (found > version) throw new WireError('UNSUPPORTED_VERSION', mismatch(found));
      if (found !== version) throw malformed(mismatch(found));
      return fields.read(reader);
    },
  };
  return { encode: (value) => encode(record, value), decode: (bytes) => decode(record, bytes) };
}
