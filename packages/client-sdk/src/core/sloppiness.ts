/** Whether other servers may be counted in the place of owners that are down: said with a request, or refused. */
import { KvError } from './errors.ts';
import type { CallOptions } from './options.ts';
import type { Route } from './topology-view.ts';

/**
 * In a strong keyspace and one with siblings only owners of the key take part: said here, since their messages have no word
 * for it.
 * @throws KvError NOT_SUPPORTED
 */
export function refuseSloppy(keyspace: string, { mode, conflict }: Route, { sloppy }: CallOptions): void {
  if (sloppy !== true || (mode === 'eventual' && conflict !== 'siblings')) return;
  const why = mode === 'strong' ? 'is strong' : 'has siblings';
  throw new KvError('NOT_SUPPORTED', `keyspace ${keyspace} ${why}: only owners of the key count, it cannot be sloppy`);
}

export function sloppyIn({ sloppy }: CallOptions): { sloppy?: boolean } {
  return sloppy === undefined ? {} : { sloppy };
}
