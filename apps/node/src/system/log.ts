/**
 * The log of a node: one JSON object a line, by pino, to standard output or to a file. It names keyspaces, members and
 * codes; never a key or a value.
 */
import type { Log, LogFields } from '@kv/cluster-node';
import { dirname } from 'node:path';
import { destination, pino, stdSerializers } from 'pino';
import { makeFolder } from './make-folder.ts';

export interface LogOptions {
  readonly level: string;
  /** Appended to; standard output if absent. */
  readonly file?: string | undefined;
  /** In every line. */
  readonly fields: LogFields;
}

/**
 * Lines are written before the call returns: the last one before a crash is the one that is needed.
 * @throws StartError when the folder of the file cannot be made
 */
export function createLog({ level, file, fields }: LogOptions): Log {
  const options = { level, base: fields, serializers: { error: stdSerializers.err }, messageKey: 'event' };
  if (file !== undefined) makeFolder(dirname(file));
  const logger = pino(options, destination({ dest: file ?? 1, sync: true }));
  return {
    info: (event, more = {}) => logger.info(more, event),
    warn: (event, more = {}) => logger.warn(more, event),
    error: (event, more = {}) => logger.error(more, event),
  };
}
