import { formatVersion, type Version } from '@kv/quorum';
import { encodeContext, type Message, type PutSibling } from '@kv/wire';
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { type Behaviour, FakeCluster, type FakeNode } from '../testing/fake-cluster.ts';
import type { KvClient } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import type { StandardSchema } from './standard-schema.ts';

type Cart = readonly string[];

const context = encodeContext(new Map([['ab'.repeat(22), 5]]), 2, new TextEncoder().encode('ada'));
const contextText = Buffer.from(context).toString('base64url');
const versionOf = (ms: number): Version => ({ ms, counter: 0, actor: 'a'.repeat(32) });

let cluster: FakeCluster;
let kv: KvClient;
let carts: Keyspace<Cart>;

beforeEach(async () => {
  cluster = new FakeCluster(4);
  const [keyspace] = cluster.topology().keyspaces;
  cluster.further.push({ ...keyspace!, id: 2, name: 'carts', conflict: 'siblings' });
  kv = await cluster.connect();
  carts = kv.keyspace<Cart>('carts');
});

/** Nodes that got a write, in the order of the nodes, and what they got. */
function writes(): { readonly node: FakeNode; readonly messages: PutSibling[] }[] {
  return cluster.nodes
    .map((node) => ({ node, messages: node.got('put-sibling') }))
    .filter(({ messages }) => messages.length > 0);
}

/** A node that finds these carts and takes every write. */
function holding(...found: Cart[]): Behaviour {
  return (message) => {
    const receipt = cluster.receipt(2, 2);
    if (message.type !== 'get-siblings') return taken(message);
    const siblings = found.map((cart, index) => {
      const value = new TextEncoder().encode(JSON.stringify(cart));
      return {
        version: versionOf(index + 1),
        contentType: 'application/json',
        codec: 0,
        rawLength: value.length,
        value,
      };
    });
    return { type: 'siblings', siblings, ...(found.length > 0 && { context }), receipt };
  };
}

function taken(message: Message, more: Partial<Extract<Message, { type: 'write-reply' }>> = {}): Message {
  const version = 'version' in message && message.version !== undefined ? message.version : versionOf(1);
  return { type: 'write-reply', outcome: 'applied', version, certain: true, receipt: cluster.receipt(2, 2), ...more };
}

/** Lists of text, in capitals once they are read. */
const shouted: StandardSchema<string[], string[]> = {
  '~standard': {
    version: 1,
    vendor: 'kv',
    validate: (value) => {
      const isCart = Array.isArray(value) && value.every((item) => typeof item === 'string');
      return isCart ? { value: value.map((item) => item.toUpperCase()) } : { issues: [{ message: 'needed a cart' }] };
    },
  },
};

describe('a keyspace with siblings', () => {
  it('gives all values with their versions, and the context that replaces them', async () => {
    cluster.everywhere(holding(['milk'], ['bread']));
    const { siblings, context: given, receipt } = await cluster.settle(carts.getSiblings('ada', { r: 2 }));
    expect(siblings).toEqual([
      { value: ['milk'], version: formatVersion(versionOf(1)), contentType: 'application/json' },
      { value: ['bread'], version: formatVersion(versionOf(2)), contentType: 'application/json' },
    ]);
    expect(given).toBe(contextText);
    expect(receipt.needed).toBe(2);
    await cluster.settle(carts.set('ada', ['milk', 'bread'], { context: given, w: 3 }));
    const { messages } = writes()[0]!;
    expect(messages[0]).toMatchObject({
      type: 'put-sibling',
      context,
      w: 3,
      content: { contentType: 'application/json' },
    });
    await cluster.settle(carts.delete('ada', { context: given }));
    const deletion = writes()
      .flatMap((write) => write.messages)
      .find((message) => message.content === undefined);
    expect(deletion).toMatchObject({ context });
  });

  it('is read as any other where there is one value, or none', async () => {
    cluster.everywhere(holding(['milk']));
    expect(await cluster.settle(carts.get('ada'))).toEqual(['milk']);
    expect(await cluster.settle(carts.getEntry('ada'))).toMatchObject({
      found: true,
      version: formatVersion(versionOf(1)),
      context: contextText,
    });
    cluster.everywhere(holding());
    expect(await cluster.settle(carts.get('ada'))).toBeUndefined();
    expect(await cluster.settle(carts.getEntry('ada'))).toMatchObject({ found: false, context: undefined });
  });

  it('never picks one of several in silence: get throws them all', async () => {
    cluster.everywhere(holding(['milk'], ['bread']));
    const error = await cluster.failure(carts.get('ada'));
    expect(error).toMatchObject({ code: 'SIBLINGS', retryable: false, context: contextText });
    expect(error.siblings?.map(({ value }) => value)).toEqual([['milk'], ['bread']]);
    expect(error.message).toContain('2 siblings');
  });

  it('resolves several as it was told to, and writes the resolution only when something is written', async () => {
    const merged = kv.keyspace<Cart>('carts', { resolve: (all) => [...new Set(all.flat())] });
    cluster.everywhere(holding(['milk'], ['bread', 'milk']));
    expect(await cluster.settle(merged.get('ada'))).toEqual(['milk', 'bread']);
    expect(await cluster.settle(merged.getEntry('ada'))).toMatchObject({
      version: formatVersion(versionOf(2)),
      context: contextText,
    });
    expect(writes()).toEqual([]);
    expect(await cluster.settle(merged.update('ada', (cart = []) => [...cart, 'tea']))).toMatchObject({
      outcome: 'applied',
    });
    const { messages } = writes()[0]!;
    expect(messages[0]).toMatchObject({ context });
    expect(JSON.parse(new TextDecoder().decode(messages[0]!.content!.value))).toEqual(['milk', 'bread', 'tea']);
  });

  it('ends what its resolve fails at, keeping the cause and what it was to resolve, and nothing else', async () => {
    const broken = new RangeError('no such cart');
    const merged = kv.keyspace<Cart>('carts', {
      resolve: () => {
        throw broken;
      },
    });
    const [one, several] = [holding(['milk']), holding(['milk'], ['bread'])];
    cluster.everywhere((message, node) => {
      const key = 'key' in message ? new TextDecoder().decode(message.key) : '';
      return (key === 'ada' ? several : one)(message, node);
    });
    const outcomes = await cluster.settle(merged.getMany(['bob', 'ada', 'cy']));
    const error = { code: 'RESOLVE', retryable: false, cause: broken, context: contextText };
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, error }, { ok: true }]);
    const failed = await cluster.failure(merged.update('ada', () => ['tea']));
    expect(failed).toMatchObject({ ...error, outcome: 'rejected' });
    expect(failed.siblings?.map(({ value }) => value)).toEqual([['milk'], ['bread']]);
    expect(writes()).toEqual([]);
  });

  it('is deleted by an update to no value, and left as it is where there was none', async () => {
    cluster.everywhere(holding());
    expect(await cluster.settle(carts.update('ada', () => undefined))).toMatchObject({ outcome: 'unchanged' });
    expect(writes()).toEqual([]);
    await cluster.settle(carts.update('ada', async (cart) => (cart === undefined ? ['first'] : undefined)));
    expect(writes()[0]!.messages[0]).not.toHaveProperty('context');
    cluster.everywhere(holding(['milk']));
    expect(await cluster.settle(carts.update('ada', () => undefined))).toMatchObject({ outcome: 'applied' });
    const deletion = writes()
      .flatMap(({ messages }) => messages)
      .find(({ content }) => content === undefined);
    expect(deletion).toMatchObject({ context });
  });

  it('ends an update that nothing resolves, or that throws, before anything is written', async () => {
    cluster.everywhere(holding(['milk'], ['bread']));
    expect((await cluster.failure(carts.update('ada', () => ['tea']))).code).toBe('SIBLINGS');
    const merged = kv.keyspace<Cart>('carts', { resolve: (all) => all.flat() });
    const thrown = cluster.settle(
      merged.update('ada', () => {
        throw new RangeError('no more');
      }),
    );
    await expect(thrown).rejects.toThrow('no more');
    expect(writes()).toEqual([]);
  });

  it('checks every value by the schema, before it is resolved', async () => {
    const checked = kv.keyspace('carts', { schema: shouted, resolve: (all) => all.flat() });
    cluster.everywhere(holding(['milk'], ['bread']));
    const cart = await cluster.settle(checked.get('ada'));
    expect(cart).toEqual(['MILK', 'BREAD']);
    expectTypeOf(cart).toEqualTypeOf<string[] | undefined>();
    cluster.everywhere(holding([7 as unknown as string], ['bread']));
    expect((await cluster.failure(checked.getSiblings('ada'))).code).toBe('SCHEMA');
  });

  it('gives none of several a time to live', async () => {
    expect((await cluster.failure(carts.set('ada', [], { ttlMs: 1000 }))).code).toBe('NOT_SUPPORTED');
    expect((await cluster.failure(carts.set('ada', [], { sloppy: true }))).code).toBe('NOT_SUPPORTED');
    expect((await cluster.failure(carts.get('ada', { sloppy: true }))).code).toBe('NOT_SUPPORTED');
  });

  it('knows where there are no siblings', async () => {
    const plain = kv.keyspace<Cart>('default');
    expect((await cluster.failure(plain.getSiblings('ada'))).code).toBe('NOT_SUPPORTED');
    expect((await cluster.failure(plain.set('ada', [], { context: contextText }))).code).toBe('NOT_SUPPORTED');
    expect((await cluster.failure(plain.update('ada', () => []))).code).toBe('NOT_SUPPORTED');
    for (const bad of ['', '!', 'A', 'A'.repeat(20_000)]) {
      expect((await cluster.failure(carts.set('ada', [], { context: bad }))).code).toBe('INVALID_CONTEXT');
    }
    expect(
      cluster.nodes.flatMap(({ received }) => received).filter(({ message }) => message.type !== 'topology-request'),
    ).toEqual([]);
  });
});

describe('a write beside others', () => {
  /** What the owner that is to make it says of one that it may have made and forgotten. */
  function tooOld(message: Message): Message {
    const [owner] = cluster.nodes;
    const replicas = [{ replica: owner!.id, role: 'primary', answer: 'refused', reason: 'WRITE_TOO_OLD' }] as const;
    const receipt = { ...cluster.receipt(2, 0), replicas };
    return taken(message, { outcome: 'unknown', reason: 'write-too-old', receipt });
  }

  it('is tried again only at the node that may have made it', async () => {
    let tries = 0;
    cluster.everywhere((message) => {
      tries += 1;
      return tries < 4 ? 'break' : taken(message);
    });
    await cluster.settle(carts.set('ada', ['milk']));
    expect(tries).toBe(4);
    const [only, ...others] = writes();
    expect(others).toEqual([]);
    expect(new Set(only!.messages.map(({ version }) => formatVersion(version!))).size).toBe(1);
  });

  it('is unknown when that node does not come back, though others are there', async () => {
    cluster.everywhere((_, node) => {
      cluster.stop(node);
      return 'silence';
    });
    const error = await cluster.failure(carts.set('ada', ['milk'], { timeoutMs: 2000 }));
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown' });
    expect(writes()).toHaveLength(1);
  });

  it('goes to another replica when it certainly did not arrive, and never to a node that is none', async () => {
    const order: string[] = [];
    cluster.everywhere((message, node) => {
      order.push(node.name);
      return order.length < 3 ? { type: 'error', code: 'NOT_READY', message: 'starting' } : taken(message);
    });
    await cluster.settle(carts.set('ada', ['milk']));
    expect(new Set(order).size).toBe(3);
    cluster.everywhere(() => ({ type: 'error', code: 'NOT_READY', message: 'starting' }));
    await cluster.failure(carts.set('ada', ['bread'], { timeoutMs: 3000 }));
    expect(writes()).toHaveLength(3);
  });

  it('leaves only once when links open late', async () => {
    const [first, second] = [cluster.node(0), cluster.node(1)];
    first.isDumb = true;
    second.isDumb = true;
    cluster.everywhere((message) => taken(message));
    await cluster.settle(carts.set('ada', ['milk'], { timeoutMs: 8000 }));
    expect(writes().flatMap(({ messages }) => messages)).toHaveLength(1);
  });

  it('is refused for good where the key has too many siblings', async () => {
    cluster.everywhere((message) => taken(message, { outcome: 'rejected', reason: 'too-many-siblings' }));
    const error = await cluster.failure(carts.set('ada', ['milk']));
    expect(error).toMatchObject({ code: 'TOO_MANY_SIBLINGS', outcome: 'rejected', retryable: false });
    expect(writes().flatMap(({ messages }) => messages)).toHaveLength(1);
  });

  it('gets a higher stamp when its first one is too old to be told from a forgotten one', async () => {
    let tries = 0;
    cluster.everywhere((message) => {
      tries += 1;
      return tries === 1 ? tooOld(message) : taken(message);
    });
    await cluster.settle(carts.set('ada', ['milk']));
    const stamps = writes().flatMap(({ messages }) => messages.map(({ version }) => formatVersion(version!)));
    expect(new Set(stamps).size).toBe(2);
  });

  it('is unknown when it may have been made and is too old to be found', async () => {
    let tries = 0;
    cluster.everywhere((message) => {
      tries += 1;
      return tries === 1 ? 'break' : tooOld(message);
    });
    expect(await cluster.failure(carts.set('ada', ['milk']))).toMatchObject({
      code: 'WRITE_UNKNOWN',
      outcome: 'unknown',
    });
    expect(tries).toBe(2);
  });
});
