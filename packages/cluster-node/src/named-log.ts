/** Names members in the log as status and receipts name them: an id says nothing to who reads it. */
import type { Log, LogFields } from './ports.ts';

/** Fields that hold the id of a member. */
const memberFields = ['member', 'from'];

export function namedLog(log: Log, nameOf: (id: string) => string): Log {
  const named = (fields: LogFields): LogFields => {
    const renamed = { ...fields };
    for (const field of memberFields) {
      const id = fields[field];
      if (typeof id === 'string') renamed[field] = nameOf(id);
    }
    return renamed;
  };
  return {
    info: (event, fields) => log.info(event, fields && named(fields)),
    warn: (event, fields) => log.warn(event, fields && named(fields)),
    error: (event, fields) => log.error(event, fields && named(fields)),
  };
}
