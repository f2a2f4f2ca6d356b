/**
 * The names that a sequence makes, and those that others made. Sequences that run at the same time learn each other's names
 * from the answers; what is stored under one must be the doing of the sequence that made it, or nobody knows what is there.
 */

/** Begins the names that a sequence makes. */
export function prefixOf(sequence: number): string {
  return `f${sequence.toString(36).padStart(6, '0')}`;
}

/**
 * Whether another sequence than the one with this prefix made the name; or it is a name in another spelling, so that what is
 * stored under it would not be known as what is stored under the name.
 */
export function isOthersName(name: string, prefix: string): boolean {
  if (madeName.test(name)) return !name.startsWith(prefix);
  return madeName.test(Buffer.from(name, 'base64url').toString('latin1'));
}

const madeName = /^f[0-9a-z]{6}/;
