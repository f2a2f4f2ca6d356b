import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { Message } from '@kv/wire';
import { encodeRecordMeta } from '@kv/wire';
import { FakeCluster } from '../testing/fake-cluster.ts';
import type { KvClient } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts';

let cluster: FakeCluster;
let kv: KvClient;
let stored: { contentType: string; value: Uint8Array } | undefined;

const version = { ms: 1, counter: 0, actor: 'a'.repeat(32) };

beforeEach(async () => {
  cluster = new FakeCluster();
  stored = undefined;
  for (const node of cluster.nodes) {
    node.behaviour = (message): Message => {
      const receipt = cluster.receipt(2, 2);
      if (message.type === 'put') {
        stored = { contentType: message.contentType, value: message.value };
        return { type: 'write-reply', outcome: 'applied', version, certain: true, receipt };
      }
      if (stored === undefined) return { type: 'get-reply', found: 'absent', receipt };
      const { contentType, value } = stored;
      const meta = encodeRecordMeta({ kind: 'value', version, codec: 0, rawLength: value.length, contentType });
      return { type: 'get-reply', found: 'found', meta, value, receipt };
    };
  }
  kv = await cluster.connect();
});

interface Output {
  name: string;
  age: number;
  role: string;
}
interface Input {
  name: string;
  age: string | number;
  role?: string | undefined;
}

/** By hand what a schema library makes: numbers may come as text, the role has a default, `root` is taken. */
const user: StandardSchema<Input, Output> = {
  '~standard': {
    version: 1,
    vendor: 'by-hand',
    async validate(value): Promise<SchemaResult<Output>> {
      const { name, age, role = 'guest' } = value as Partial<Input>;
      const issues: SchemaIssue[] = [];
      if (typeof name !== 'string') issues.push({ message: 'must be text', path: ['name'] });
      if (name === 'root') issues.push({ message: 'taken', path: [{ key: 'name' }] });
      if (Number.isNaN(Number(age))) issues.push({ message: 'must be a number', path: ['age'] });
      return issues.length > 0 ? { issues } : { value: { name: String(name), age: Number(age), role } };
    },
  },
};

describe('a keyspace with a schema', () => {
  it('has the types of what goes in and of what comes out', () => {
    const users = kv.keyspace('default', { schema: user });
    expectTypeOf(users).toEqualTypeOf<Keyspace<Output, Input>>();
    expectTypeOf(kv.keyspace<{ a: 1 }>('default').get('a')).resolves.toEqualTypeOf<{ a: 1 } | undefined>();
    expectTypeOf(kv.keyspace()).toEqualTypeOf<Keyspace>();
  });

  it('stores what passes as it was given, and reads it through the schema', async () => {
    const users = kv.keyspace('default', { schema: user });
    await cluster.settle(users.set('ada', { name: 'Ada', age: '36' }));
    expect(new TextDecoder().decode(stored?.value)).toBe('{"name":"Ada","age":"36"}');
    expect(await cluster.settle(users.get('ada'))).toEqual({ name: 'Ada', age: 36, role: 'guest' });
  });

  it('refuses what does not pass before it is sent, naming each issue', async () => {
    const users = kv.keyspace('default', { schema: user });
    const wrong = { name: 7, age: 'old' } as unknown as Input;
    await expect(cluster.settle(users.set('ada', wrong))).rejects.toThrow(
      /schema: name: must be text; age: must be a number$/,
    );
    expect(stored).toBeUndefined();
  });

  it('refuses what others stored and what does not pass', async () => {
    await cluster.settle(kv.keyspace().set('ada', { name: 7 }));
    await expect(cluster.settle(kv.keyspace('default', { schema: user }).get('ada'))).rejects.toMatchObject({
      code: 'SCHEMA',
    });
  });

  it('names an issue whose path is given as segments', async () => {
    const users = kv.keyspace('default', { schema: user });
    await expect(cluster.settle(users.set('a', { name: 'root', age: 1 }))).rejects.toMatchObject({
      code: 'SCHEMA',
      message: "the value does not fit the keyspace's schema: name: taken",
      cause: [{ message: 'taken' }],
    });
  });

  it('is told when its schema judges nothing', async () => {
    const broken = { '~standard': { version: 1, vendor: 'by-hand', validate: () => undefined } };
    const users = kv.keyspace('default', { schema: broken as unknown as StandardSchema<Input, Output> });
    await expect(cluster.settle(users.set('a', { name: 'Ada', age: 1 }))).rejects.toMatchObject({
      code: 'SCHEMA',
      outcome: 'rejected',
    });
  });
});
