import { describe, expect, it } from 'vitest';
import { CorruptionError, StorageError } from '../core/errors.ts';
import { packError, unpackError } from './thread-errors.ts';

/** As a message to another thread arrives there. */
const sent = (error: unknown): Error => unpackError(structuredClone(packError(error)));

describe('errors between threads', () => {
  it('arrive as what they were, with the errors underneath', () => {
    const system = Object.assign(new TypeError('bad descriptor'), { code: 'EBADF' });
    const storage = new StorageError('IO_ERROR', 'reading failed', { cause: system });
    const damage = new CorruptionError('0000000007.run', 42, 'its footer is gone', { cause: storage });
    const arrived = sent(damage);
    expect(arrived).toBeInstanceOf(CorruptionError);
    expect(arrived).toMatchObject({ code: 'CORRUPTION', file: '0000000007.run', offset: 42, what: damage.what });
    expect([arrived.message, arrived.stack]).toEqual([damage.message, damage.stack]);
    expect(arrived.cause).toBeInstanceOf(StorageError);
    expect(arrived.cause).not.toBeInstanceOf(CorruptionError);
    expect(arrived.cause).toMatchObject({ code: 'IO_ERROR', message: 'reading failed' });
    expect(storage.cause).toBe(system);
    const underneath = (arrived.cause as Error).cause;
    expect(underneath).toMatchObject({ name: 'TypeError', code: 'EBADF', message: 'bad descriptor' });
    expect((underneath as Error).cause).toBeUndefined();
  });

  it('are errors there even if they were none here, and end where they go round in circles', () => {
    expect(sent('thrown')).toMatchObject({ name: 'Error', message: 'thrown' });
    const circle = new Error('round');
    circle.cause = circle;
    let depth = 0;
    for (let error: unknown = sent(circle); error instanceof Error; error = error.cause) depth++;
    expect(depth).toBe(9);
  });
});
