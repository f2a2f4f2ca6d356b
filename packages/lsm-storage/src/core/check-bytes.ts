/** Refuses what is no byte string where one is asked for, so that nothing else is ever hashed, compared or written. */

import { StorageError } from './errors.ts';

/** Takes `Uint8Array`s and what is made of them (`Buffer`); `INVALID_ARGUMENT` names what was got instead. */
export function checkBytes(what: string, given: unknown): void {
  if (given instanceof Uint8Array || isBytesOfAnotherRealm(given)) return;
  throw new StorageError('INVALID_ARGUMENT', `a ${what} must be a Uint8Array, got ${nameOf(given)}`);
}

/** Test runners that give each file a realm of its own have two `Uint8Array`s. */
function isBytesOfAnotherRealm(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object Uint8Array]' && ArrayBuffer.isView(given);
}

function nameOf(given: unknown): string {
  if (given === null || typeof given !== 'object') return given === null ? 'null' : typeof given;
  return Object.prototype.toString.call(given).slice('[object '.length, -1);
}
