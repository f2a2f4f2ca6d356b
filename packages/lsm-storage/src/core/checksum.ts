/**
 * CRC-32 (the polynomial of zlib and Ethernet, 0xEDB88320 reflected), eight bytes at a step ("slicing-by-8": Kounavis
 * and Berry, 2005), and its use here: every checksum covers the place of its bytes as well, so that good bytes at a
 * wrong place, in the file or in another one, count as damage.
 */

const U32 = 2 ** 32;
const placeBytes: Uint8Array = new Uint8Array(16);
const placeView: DataView = new DataView(placeBytes.buffer);

const SLICES = 8;
const TABLE: Int32Array = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
    table[byte] = remainder;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] as number;
    table[i] = (previous >>> 8) ^ (table[previous & 0xff] as number);
  }
  return table;
}

type Crc32 = (bytes: Uint8Array, seed: number) => number;

let fastest: Crc32 = portableCrc32;

/** Has a faster implementation of the same function used from now on, such as the one of `node:zlib`. */
export function accelerateCrc32(implementation: Crc32): void {
  fastest = implementation;
}

/** Bytes below which a call to native code costs more than it saves. */
const NATIVE_BYTES = 96;

/** As `zlib.crc32(bytes, seed)`: the result for a whole is the result for its second part seeded with its first's. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return bytes.length < NATIVE_BYTES ? portableCrc32(bytes, seed) : fastest(bytes, seed);
}

function portableCrc32(bytes: Uint8Array, seed: number): number {
  let crc = ~seed;
  let i = 0;
  const t = TABLE;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low =
      crc ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24));
    crc =
      (t[1792 + (low & 0xff)] as number) ^
      (t[1536 + ((low >>> 8) & 0xff)] as number) ^
      (t[1280 + ((low >>> 16) & 0xff)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (bytes[i + 4] as number)] as number) ^
      (t[512 + (bytes[i + 5] as number)] as number) ^
      (t[256 + (bytes[i + 6] as number)] as number) ^
      (t[bytes[i + 7] as number] as number);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/**
 * The checksum of bytes at a place: the CRC-32 of file number (u64), position (u64), then the bytes.
 * In the manifest, where pages have no position, the page number stands in for it.
 */
export function checksumAt(fileNumber: number, position: number, bytes: Uint8Array): number {
  placeView.setUint32(0, fileNumber % U32, true);
  placeView.setUint32(4, Math.floor(fileNumber / U32), true);
  placeView.setUint32(8, position % U32, true);
  placeView.setUint32(12, Math.floor(position / U32), true);
  return crc32(bytes, crc32(placeBytes));
}

/** The same of bytes that lie in several parts. */
export function checksumOfParts(fileNumber: number, position: number, parts: readonly Uint8Array[]): number {
  const [first, ...rest] = parts;
  let crc = checksumAt(fileNumber, position, first ?? new Uint8Array(0));
  for (const part of rest) crc = crc32(part, crc);
  return crc;
}
