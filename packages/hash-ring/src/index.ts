/**
 * Consistent hashing with virtual nodes: who holds a key, how evenly, and what moves when servers come and go.
 *
 * `allocate` makes a `Ring` of equal partitions, whose copies follow the servers' weights; `hashedRing` makes one of
 * hashed tokens. Both tell the preference list of a token. Everything is a pure function of its arguments.
 * @packageDocumentation
 */
export { allocate, type AllocateOptions } from './allocate.ts';
export type { Copies } from './copies.ts';
export { RingError, type RingErrorCode } from './errors.ts';
export { type HashFunction, murmur3 } from './hash.ts';
export { hashTag } from './hash-tag.ts';
export { hashedRing, type HashedRingOptions } from './hashed-ring.ts';
export { idealCopies } from './ideal-copies.ts';
export { type CopyMove, type MovementPlan, planMovement } from './plan-movement.ts';
export type { PreferenceLists } from './preference-lists.ts';
export { type Ring, ringOf } from './ring.ts';
export type { Server } from './server.ts';
export { type Share, shares } from './shares.ts';
export { rangeContains, rangeWidth, type Token, tokenCount, type TokenRange, tokenOf } from './token.ts';
