/**
 * Errors on their way to another thread. What threads copy of an error is its message and its stack; these keep what
 * callers decide by: the class, the code, the place of damage, and the errors underneath.
 */

import { CorruptionError, StorageError } from '../core/errors.ts';
import type { StorageErrorCode } from '../core/errors.ts';

export type ThreadError = (
  | { readonly type: 'corruption'; readonly file: string; readonly offset: number; readonly what: string }
  | { readonly type: 'storage'; readonly code: StorageErrorCode }
  | { readonly type: 'other'; readonly name: string; readonly code: string | undefined }
) & {
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: ThreadError | undefined;
};

/** Causes of causes that are taken along; one further down is as good as none. */
const MOST_CAUSES = 8;

export function packError(thrown: unknown, causes: number = MOST_CAUSES): ThreadError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { message, stack } = error;
  const cause = error.cause === undefined || causes === 0 ? undefined : packError(error.cause, causes - 1);
  const common = { message, stack, cause };
  if (error instanceof CorruptionError) {
    const { file, offset, what } = error;
    return { type: 'corruption', file, offset, what, ...common };
  }
  if (error instanceof StorageError) return { type: 'storage', code: error.code, ...common };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { type: 'other', name: error.name, code, ...common };
}

export function unpackError(packed: ThreadError): Error {
  const error = rebuilt(packed);
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}

function rebuilt(packed: ThreadError): Error {
  const options = packed.cause === undefined ? {} : { cause: unpackError(packed.cause) };
  switch (packed.type) {
    case 'corruption':
      return new CorruptionError(packed.file, packed.offset, packed.what, options);
    case 'storage':
      return new StorageError(packed.code, packed.message, options);
    case 'other': {
      const error = new Error(packed.message, options);
      error.name = packed.name;
      return packed.code === undefined ? error : Object.assign(error, { code: packed.code });
    }
  }
}
