/** Whether a change of a keyspace can be asked for at all: whatever the cluster may think of it, it must be well formed. */
import { encodeFrame, type KeyspaceChange, WireError } from '@kv/wire';
import { KvError } from './errors.ts';

const settingTypes: Readonly<Record<string, 'string' | 'number' | 'boolean'>> = {
  mode: 'string',
  conflict: 'string',
  sloppy: 'boolean',
  readLevel: 'string',
  writeLevel: 'string',
  ttlMs: 'number',
  compressed: 'boolean',
};

const header = { operationId: 0, keyspaceId: 0, epoch: 0, deadlineMs: 0, stamp: { ms: 0, counter: 0 } };
const anyId = '00000000-0000-7000-8000-000000000000';

/** @throws KvError INVALID_KEYSPACE */
export function checkChange(change: KeyspaceChange): void {
  if (change.kind !== 'drop') checkSettings(change.settings);
  try {
    encodeFrame(header, { type: 'change-keyspace', id: anyId, change });
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new KvError('INVALID_KEYSPACE', cause.message, { outcome: 'rejected', cause });
  }
}

function checkSettings(settings: object): void {
  for (const [name, value] of Object.entries(settings)) {
    const type = settingTypes[name];
    if (type === undefined) {
      throw invalid(`there is no setting ${name}; there is ${Object.keys(settingTypes).join(', ')}`);
    }
    if (value !== undefined && typeof value !== type) throw invalid(`${name} is a ${type}, got ${String(value)}`);
  }
}

function invalid(message: string): KvError {
  return new KvError('INVALID_KEYSPACE', message, { outcome: 'rejected' });
}
