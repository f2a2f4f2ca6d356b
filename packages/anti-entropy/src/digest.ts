/**
 * The hash of a key, which gives its leaf, and the digest of an entry, which is what trees add up: 64 bits each, in two
 * lanes of 32 that multiply by different primes and are mixed at the end (the scheme of cyrb53, bryc, public domain).
 *
 * Frozen: two nodes agree only if they count alike. It finds accidents, not adversaries: whoever chooses keys and
 * versions freely could make two sets look alike.
 */

/** Two 32-bit integers, signed as the operators of the language leave them. */
export interface Digest {
  readonly high: number;
  readonly low: number;
}

const highPrime = 0x9e3779b1;
const lowPrime = 0x5f356495;
const highSeed = 0xdeadbeef | 0;
const lowSeed = 0x41c6ce57;

/** Where a key belongs, whatever its version. */
export function hashKey(key: Uint8Array): Digest {
  const absorbed = absorb({ high: highSeed, low: lowSeed }, key);
  return mixed(absorbed.high, absorbed.low);
}

/** What an entry counts for, from its key's hash and its version: a key with another version is another entry. */
export function digestEntry(keyHash: Digest, version: Uint8Array): Digest {
  const absorbed = absorb(keyHash, version);
  return mixed(absorbed.high ^ version.length, absorbed.low);
}

function absorb(start: Digest, bytes: Uint8Array): Digest {
  let { high, low } = start;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    high = Math.imul(high ^ byte, highPrime);
    low = Math.imul(low ^ byte, lowPrime);
  }
  return { high, low };
}

function mixed(high: number, low: number): Digest {
  const first = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  const second = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return { high: first, low: second };
}
