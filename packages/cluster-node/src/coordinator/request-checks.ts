/** What a request must be before anything is sent for it. Each check names the limit and what was got. */
import { answersNeeded, type AskedQuorum, isVersion, QuorumError, type Version } from '@kv/quorum';
import { RequestError } from '../errors.ts';

export const maxKeyBytes = 4096;
/** Longest time that a request is worked on: what was acknowledged before a loss is not counted once that was healed. */
export const maxTimeoutMs = 60_000;
const maxContentTypeLength = 128;
const printableAscii = /^[\x20-\x7e]*$/;

/** @throws RequestError KEY_EMPTY, KEY_TOO_LONG */
export function checkKey(key: Uint8Array): void {
  if (key.length === 0) throw new RequestError('KEY_EMPTY', `a key has 1 to ${maxKeyBytes} bytes, got none`);
  if (key.length > maxKeyBytes) {
    throw new RequestError('KEY_TOO_LONG', `a key has 1 to ${maxKeyBytes} bytes, got ${key.length}`);
  }
}

/** @throws RequestError VALUE_TOO_LARGE */
export function checkValue(value: Uint8Array, maxBytes: number): void {
  if (value.length <= maxBytes) return;
  throw new RequestError('VALUE_TOO_LARGE', `a value has at most ${maxBytes} bytes, got ${value.length}`);
}

/** @throws RequestError INVALID_CONTENT_TYPE */
export function checkContentType(contentType: string): void {
  if (contentType.length <= maxContentTypeLength && printableAscii.test(contentType)) return;
  throw new RequestError(
    'INVALID_CONTENT_TYPE',
    `a content type has at most ${maxContentTypeLength} printable ASCII characters, got ${contentType.length}`,
  );
}

/** @throws RequestError INVALID_QUORUM */
export function checkQuorum(asked: AskedQuorum, replicas: number): number {
  try {
    return answersNeeded(asked, replicas);
  } catch (error) {
    throw asRequestError(error);
  }
}

/** @throws RequestError INVALID_VERSION */
export function checkVersion(version: Version): void {
  if (!isVersion(version)) throw new RequestError('INVALID_VERSION', 'a version has a stamp and a 16-byte actor');
}

/** Errors of the quorum package that a caller caused are the caller's; anything else is a defect and stays as it is. */
export function asRequestError(error: unknown): unknown {
  return error instanceof QuorumError ? new RequestError(error.code, error.message, { cause: error }) : error;
}
