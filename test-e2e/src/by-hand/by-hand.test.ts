/** What the README tells a user to do by hand, done by hand: curl through one node and back through another. */
import { execFile, execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningCluster, startCluster } from '../running-cluster.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';

const run = promisify(execFile);
const hasCurl = canRun('curl', '--version');
const photo = Uint8Array.from({ length: 50_000 }, (_, index) => (index * index * 31) % 256);

let running: RunningCluster;
const keyUrl = (node: number, key: string) => `${running.url(node)}/v1/keyspaces/default/keys/${key}`;

beforeAll(async () => {
  running = await startCluster();
}, 60_000);
afterAll(() => running[Symbol.asyncDispose]());

describe.skipIf(!hasCurl)('curl', () => {
  it('puts a photo through node 1 and gets it from node 3, byte for byte, with its content type', async () => {
    await using folder = await makeTemporaryFolder();
    const [source, copy, headers] = ['photo.jpg', 'copy.jpg', 'headers'].map((name) => join(folder.path, name));
    await writeFile(source!, photo);
    await run('curl', ['-sS', '--fail', '-T', source!, '-H', 'content-type: image/jpeg', keyUrl(1, 'photo')]);
    await run('curl', ['-sS', '--fail', '-o', copy!, '-D', headers!, keyUrl(3, 'photo')]);
    expect(await readFile(copy!)).toEqual(Buffer.from(photo));
    expect(await readFile(headers!, 'utf8')).toMatch(/^content-type: image\/jpeg\r$/im);
  });

  it('stores a form of curl’s own choosing as plain bytes', async () => {
    await run('curl', ['-sS', '--fail', '-X', 'PUT', '-d', 'hello', keyUrl(2, 'form')]);
    const response = await fetch(keyUrl(1, 'form'));
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await response.text()).toBe('hello');
  });

  it('is told 413 for a value above 1 MiB, also when its length is not said', async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, 'large');
    await writeFile(path, new Uint8Array(3 * 1024 * 1024));
    for (const headers of [[], ['-H', 'transfer-encoding: chunked']]) {
      const { stdout } = await run('curl', [
        '-sS',
        '-w',
        '%{http_code}',
        '-o',
        '/dev/null',
        '-T',
        path,
        ...headers,
        keyUrl(1, 'large'),
      ]);
      expect(stdout).toBe('413');
    }
  });
});

describe('a key over HTTP', () => {
  it('has a head, and is gone from every node once it is deleted', async () => {
    const put = await fetch(keyUrl(1, 'page'), {
      method: 'PUT',
      body: 'hello',
      headers: { 'content-type': 'text/html' },
    });
    expect(put.status).toBeLessThan(300);
    const head = await fetch(keyUrl(2, 'page'), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), head.headers.get('content-length')]).toEqual([
      200,
      'text/html',
      '5',
    ]);
    expect(head.headers.get('etag')).toBe(put.headers.get('etag'));
    expect((await fetch(keyUrl(3, 'page'), { method: 'DELETE' })).status).toBeLessThan(300);
    for (const node of [1, 2, 3]) {
      const gone = await fetch(keyUrl(node, 'page'));
      expect(gone.status).toBe(404);
      expect(gone.headers.get('content-type')).toMatch('application/problem+json');
      expect(await gone.json()).toMatchObject({ status: 404, code: expect.any(String) as string });
    }
  });

  it('comes with a receipt that names every replica that was asked', async () => {
    await fetch(keyUrl(1, 'receipt'), { method: 'PUT', body: 'x' });
    const response = await fetch(`${keyUrl(1, 'receipt')}?r=3`);
    const receipt = JSON.parse(response.headers.get('kv-receipt') ?? '{}') as { mode: string; replicas: unknown[] };
    expect(receipt).toMatchObject({ mode: 'strict', needed: 3, got: 3 });
    expect(receipt.replicas).toHaveLength(3);
  });
});

it('answers one screen of text at the root', async () => {
  const text = await (await fetch(`${running.url(1)}/`)).text();
  expect(text.split('\n').length).toBeLessThan(30);
  expect(text).toContain('node-1');
});

function canRun(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
