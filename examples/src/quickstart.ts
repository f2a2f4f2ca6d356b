/** The first ten lines with `@kv/client-sdk`: `npm start` in one terminal, `npm run example` in another. */
import { connect } from '@kv/client-sdk';

await using kv = await connect(process.env['KV_URL'] ?? 'kv://127.0.0.1:7400,127.0.0.1:7401');
const users = kv.keyspace<{ name: string; age: number }>('default');

const written = await users.set('user:1', { name: 'Ada', age: 36 });
console.log(written.outcome, 'on', written.receipt.got, 'servers or more');

const entry = await users.getEntry('user:1');
if (entry.found) console.log(entry.value.name, 'is', entry.value.age, 'at version', entry.version);

await users.delete('user:1');
console.log('and now', await users.get('user:1'));
