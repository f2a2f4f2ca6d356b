/**
 * The typed client for Node: connect, open a keyspace, and each call goes straight to a replica of its key.
 *
 * ```ts
 * await using kv = await connect('kv://127.0.0.1:7400');
 * const users = kv.keyspace<{ name: string }>('default');
 * await users.set('ada', { name: 'Ada' });
 * ```
 * @packageDocumentation
 */
export * from '../core/index.ts';
export { connect } from './connect.ts';
