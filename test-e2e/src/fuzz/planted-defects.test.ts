/** A server that behaves is found to, and each defect that is planted in it is found. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { runFuzz } from './fuzz-run.ts';
import { shortcomings } from './report.ts';

const problem = { $ref: '#/components/schemas/Problem' };
const refused = { content: { 'application/problem+json': { schema: problem } } };
const bytes = { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
const key = { name: 'key', in: 'path', required: true, schema: { type: 'string' } };
const size = { name: 'size', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 9 } };
const itemSchema = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', minLength: 1 }, count: { type: 'integer' } },
};
const items = { content: { 'application/json': { schema: { type: 'array', items: itemSchema } } } };
const other = { 400: refused, 404: refused, 405: refused, 503: refused };
const document = {
  openapi: '3.1.0',
  paths: {
    '/values/{key}': {
      get: { operationId: 'get', parameters: [key, size], responses: { 200: bytes, ...other } },
      put: { operationId: 'put', parameters: [key], requestBody: bytes, responses: { 204: {}, ...other } },
      delete: { operationId: 'delete', parameters: [key], responses: { 204: {}, ...other } },
    },
    '/items': {
      get: { operationId: 'items', responses: { 200: items, ...other } },
      post: {
        operationId: 'add',
        requestBody: { content: { 'application/json': { schema: itemSchema } } },
        responses: { 201: {}, ...other },
      },
    },
  },
  components: {
    schemas: {
      Problem: { type: 'object', required: ['status', 'code'], properties: { status: { type: 'integer' } } },
    },
  },
};

type Reply = (status: number, body?: string | Buffer, type?: string) => void;

/** A store as the document has it. Each step may be replaced by a defect. */
class Store {
  readonly values = new Map<string, { body: Buffer; type: string }>();
  readonly items: unknown[] = [];

  async answer(incoming: IncomingMessage, reply: Reply): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [path = '', query = ''] = (incoming.url ?? '').split(/\?(.*)/s);
    if (path === '/openapi.json') return reply(200, JSON.stringify(document), 'application/json');
    if (path === '/v1/cluster/status') return reply(200, '{}', 'application/json');
    const method = incoming.method === 'HEAD' ? 'GET' : (incoming.method ?? '');
    if (path.startsWith('/values/')) this.value(method, path, query, body, incoming.headers['content-type'], reply);
    else if (path === '/items') this.item(method, body, reply);
    else this.refuse(404, reply);
  }

  value(method: string, path: string, query: string, body: Buffer, type = '', reply: Reply): void {
    if (!this.allowsSize(new URLSearchParams(query).get('size'))) return this.refuse(400, reply);
    const value = this.values.get(path);
    if (method === 'PUT') this.put(path, { body, type }, reply);
    else if (method === 'DELETE') this.remove(path, reply);
    else if (method !== 'GET') this.refuse(405, reply);
    else if (value === undefined) this.refuse(404, reply);
    else reply(200, value.body, value.type);
  }

  allowsSize(text: string | null): boolean {
    return text === null || /^[1-9]$/.test(text);
  }

  put(path: string, value: { body: Buffer; type: string }, reply: Reply): void {
    this.values.set(path, value);
    reply(204);
  }

  remove(path: string, reply: Reply): void {
    this.values.delete(path);
    reply(204);
  }

  item(method: string, body: Buffer, reply: Reply): void {
    if (method === 'GET') return reply(200, JSON.stringify(this.items.slice(-3)), 'application/json');
    if (method !== 'POST') return this.refuse(405, reply);
    const item = this.parse(body);
    if (item === undefined) return this.refuse(400, reply);
    this.items.push(item);
    reply(201);
  }

  parse(body: Buffer): unknown {
    try {
      const { name, count } = JSON.parse(body.toString()) as { name?: unknown; count?: unknown };
      const isItem = typeof name === 'string' && name !== '' && (count === undefined || Number.isInteger(count));
      return isItem ? { name, ...(count !== undefined && { count }) } : undefined;
    } catch {
      return undefined;
    }
  }

  refuse(status: number, reply: Reply): void {
    reply(status, JSON.stringify({ status, code: 'NO' }), 'application/problem+json');
  }
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function fuzz(store: Store): Promise<string> {
  const receipt = JSON.stringify({ mode: 'strict', needed: 2 });
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const reply: Reply = (status, body, type) => {
      const headers = {
        'kv-receipt': receipt,
        'kv-outcome': 'applied',
        ...(type !== undefined && { 'content-type': type }),
      };
      outgoing.writeHead(status, headers).end(body);
    };
    store.answer(incoming, reply).catch(() => outgoing.destroy());
  };
  server = createServer({ maxHeaderSize: 65_536 }, serve);
  server.on('clientError', (_error, socket) => {
    const body = JSON.stringify({ status: 400, code: 'NO' });
    const head = ['HTTP/1.1 400 Bad Request', 'connection: close', `content-length: ${body.length}`];
    socket.end([...head, 'content-type: application/problem+json', '', body].join('\r\n'));
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const bound = listening.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const node = { name: 'fake', address: `127.0.0.1:${port}`, pid: process.pid, running: true };
  const { failures, answers } = await runFuzz([node], { requests: 800, seed: 5 });
  return shortcomings({ failures, answers, requests: 0, wrongs: new Map(), use: new Map() }).join('\n');
}

it('finds nothing wrong with a server that behaves', { timeout: 60_000 }, async () => {
  expect(await fuzz(new Store())).toBe('');
});

const plain = (status: number) => (_status: number, reply: Reply) => reply(status, 'no', 'text/plain');

it.each<[string, RegExp, Partial<Store>]>([
  [
    'a 500',
    /answered 500/,
    {
      parse: () => {
        throw new Error('a defect');
      },
      refuse: plain(500),
    },
  ],
  ['a refusal that is no problem', /content type "text\/plain"/, { refuse: plain(404) }],
  [
    'a problem without a code',
    /must have required property 'code'/,
    { refuse: (status, reply) => reply(status, `{"status":${status}}`, 'application/problem+json') },
  ],
  [
    'a problem of another status',
    /tells of the status 418/,
    { refuse: (status, reply) => reply(status, '{"status":418,"code":"x"}', 'application/problem+json') },
  ],
  ['a status that is not described', /does not name the status 202/, { remove: (_path, reply) => reply(202) }],
  [
    'a body where none is described',
    /has a body, which is not described/,
    {
      remove: function (this: Store, path, reply) {
        this.values.delete(path);
        reply(201, 'x');
      },
      item: (_method, _body, reply) => reply(201, 'x'),
    },
  ],
  ['a list of what is no item', /the body at \/0/, { parse: () => ({ count: 'many' }) }],
  ['a parameter that nobody checks', /refuses was taken/, { allowsSize: () => true }],
  ['a value that is forgotten', /a value that was put is not there/, { put: (_path, _value, reply) => reply(204) }],
  [
    'a value that is another one',
    /the value/,
    {
      put: function (this: Store, path, { type }, reply) {
        this.values.set(path, { body: Buffer.from('x'), type });
        reply(204);
      },
    },
  ],
  ['a deleted value that is there', /a deleted value is there/, { remove: (_path, reply) => reply(204) }],
  [
    'a connection that is closed',
    /no answer/,
    {
      answer: async function (this: Store, incoming, reply) {
        if (incoming.method === 'POST') throw new Error('gone');
        return Store.prototype.answer.call(this, incoming, reply);
      },
    },
  ],
])('finds %s', { timeout: 60_000 }, async (_what, reason, defect) => {
  expect(await fuzz(Object.assign(new Store(), defect))).toMatch(reason);
});
