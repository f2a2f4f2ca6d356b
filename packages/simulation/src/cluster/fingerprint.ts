/** Values that tell who wrote them, and short names for bytes that are compared. */

/** The bytes of a value that no other write has: its write's id, and filler up to `length` bytes or more. */
export function uniqueValue(writeId: string, filler: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(`${writeId}|`);
  const value = new Uint8Array(name.length + filler.length);
  value.set(name);
  value.set(filler, name.length);
  return value;
}

/** `<write id>/<length>/<hash of all bytes>`: equal for equal bytes, and readable in reports. */
export function fingerprint(value: Uint8Array): string {
  const end = value.indexOf('|'.charCodeAt(0));
  const name = end < 0 || end > 64 ? '?' : new TextDecoder().decode(value.subarray(0, end));
  return `${name}/${value.length}/${hashBytes(value)}`;
}

/** 8 hexadecimal digits (FNV-1a). */
export function hashBytes(...parts: readonly Uint8Array[]): string {
  let hash = 0x811c_9dc5;
  for (const part of parts) {
    for (const byte of part) hash = Math.imul(hash ^ byte, 0x0100_0193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
