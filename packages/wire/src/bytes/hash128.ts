/**
 * A hash of 128 bits (the scheme of MurmurHash3_x86_128, Austin Appleby, public domain; the last block is filled up with
 * zeros). Frozen: it is compared between nodes and stored. It finds accidents, not adversaries.
 */
const blockBytes = 16;

/** Four unsigned 32-bit integers. */
export type Hash128 = readonly [number, number, number, number];

export function hash128(bytes: Uint8Array): Hash128 {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    a ^= Math.imul(rotated(Math.imul(word(bytes, at), 0x239b961b), 15), 0xab0e9789);
    a = Math.imul(rotated(a, 19) + b, 5) + 0x561ccd1b;
    b ^= Math.imul(rotated(Math.imul(word(bytes, at + 4), 0xab0e9789), 16), 0x38b34ae5);
    b = Math.imul(rotated(b, 17) + c, 5) + 0x0bcaa747;
    c ^= Math.imul(rotated(Math.imul(word(bytes, at + 8), 0x38b34ae5), 17), 0xa1e38b93);
    c = Math.imul(rotated(c, 15) + d, 5) + 0x96cd1c35;
    d ^= Math.imul(rotated(Math.imul(word(bytes, at + 12), 0xa1e38b93), 18), 0x239b961b);
    d = Math.imul(rotated(d, 13) + a, 5) + 0x32ac3b17;
  }
  const length = bytes.length;
  return spread(...spread(a ^ length, b ^ length, c ^ length, d ^ length, (lane) => lane), mixed);
}

/** As text of 32 hexadecimal digits. */
export function hash128Hex(bytes: Uint8Array): string {
  return hash128(bytes)
    .map((lane) => lane.toString(16).padStart(8, '0'))
    .join('');
}

/** Every lane into every other one. */
function spread(a: number, b: number, c: number, d: number, mix: (lane: number) => number): Hash128 {
  const [e, f, g, h] = [mix(a), mix(b), mix(c), mix(d)];
  const sum = (e + f + g + h) >>> 0;
  return [sum, (f + sum) >>> 0, (g + sum) >>> 0, (h + sum) >>> 0];
}

function mixed(lane: number): number {
  let value = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

/** Four bytes, little endian; zeros behind the end. */
function word(bytes: Uint8Array, at: number): number {
  const byte = (index: number): number => bytes[index] ?? 0;
  return byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
