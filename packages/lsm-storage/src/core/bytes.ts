/** Byte strings: their order, copies that belong to the receiver, and names under which a hash map can hold them. */

/** Byte order; a prefix comes before what it begins. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return compareRange(left, 0, left.length, right);
}

/** Compares `bytes[start, end)` with `other`, without making a view of it. */
export function compareRange(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const length = end - start;
  const shared = Math.min(length, other.length);
  for (let i = 0; i < shared; i++) {
    const difference = (bytes[start + i] as number) - (other[i] as number);
    if (difference !== 0) return difference;
  }
  return length - other.length;
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}

/** How many leading bytes two byte strings have in common. */
export function sharedPrefixLength(left: Uint8Array, right: Uint8Array): number {
  const most = Math.min(left.length, right.length);
  let shared = 0;
  while (shared < most && left[shared] === right[shared]) shared++;
  return shared;
}

/** A plain `Uint8Array` of its own memory, whatever subclass (`Buffer`: its `slice` does not copy) came in. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Makes memory that is written whole before anybody reads it. */
type Allocate = (length: number) => Uint8Array;

let allocate: Allocate = (length) => new Uint8Array(length);

/** Has memory for what readers are given made in another way from now on, such as by the pool of Node's `Buffer`. */
export function accelerateAllocation(implementation: Allocate): void {
  allocate = implementation;
}

/** Memory for a reader to keep, to be written whole: as `accelerateAllocation` was told, else a plain `Uint8Array`. */
export function ownedBytes(length: number): Uint8Array {
  return allocate(length);
}

/** A copy for a reader to keep. */
export function ownedCopy(bytes: Uint8Array): Uint8Array {
  const copy = allocate(bytes.length);
  copy.set(bytes);
  return copy;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** Arguments that one call of `String.fromCharCode` takes safely on every engine. */
const CHARACTERS_PER_CALL = 4096;

/** One character (0..255) per byte: equal for equal bytes, and ordered by `<` as the bytes are. */
export function nameOf(bytes: Uint8Array): string {
  if (bytes.length <= CHARACTERS_PER_CALL) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let name = '';
  for (let start = 0; start < bytes.length; start += CHARACTERS_PER_CALL) {
    const part = bytes.subarray(start, start + CHARACTERS_PER_CALL);
    name += String.fromCharCode.apply(null, part as unknown as number[]);
  }
  return name;
}
