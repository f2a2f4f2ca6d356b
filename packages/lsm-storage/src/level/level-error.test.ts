import { describe, expect, it } from 'vitest';
import { CorruptionError, StorageError } from '../core/index.ts';
import type { StorageErrorCode } from '../core/index.ts';
import { LevelError, levelError } from './level-error.ts';

describe('errors in Level’s words', () => {
  it.each<[StorageErrorCode, string]>([
    ['LOCKED', 'LEVEL_LOCKED'],
    ['IO_ERROR', 'LEVEL_IO_ERROR'],
    ['DISK_FULL', 'LEVEL_IO_ERROR'],
    ['POISONED', 'LEVEL_IO_ERROR'],
    ['CLOSED', 'LEVEL_DATABASE_NOT_OPEN'],
    ['INVALID_ARGUMENT', 'LEVEL_INVALID_ARGUMENT'],
    ['UNSUPPORTED_FORMAT', 'LEVEL_NOT_SUPPORTED'],
  ])('%s is %s, with the engine’s error as the cause', (code, levelCode) => {
    const cause = new StorageError(code, 'what happened');
    const error = levelError(cause);
    expect(error).toBeInstanceOf(LevelError);
    expect(error).toMatchObject({ name: 'LevelError', code: levelCode, message: 'what happened', cause });
  });

  it('keeps the place of damage', () => {
    const error = levelError(new CorruptionError('0000000001.run', 32, 'a checksum is wrong'));
    expect(error).toMatchObject({ code: 'LEVEL_CORRUPTION', cause: { file: '0000000001.run', offset: 32 } });
  });

  it('leaves other errors as they are', () => {
    const error = new TypeError('a mistake');
    expect(levelError(error)).toBe(error);
  });
});
