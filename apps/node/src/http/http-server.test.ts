import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { RawConnection } from '../testing/raw-http.ts';
import { eventually } from '../testing/test-cluster.ts';
import type { HttpApp } from './app.ts';
import { HttpServer } from './http-server.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const stallTimeout = 300;

async function serve(app: Pick<HttpApp, 'fetch'>, upgraded: () => void): Promise<{ http: HttpServer; port: number }> {
  const http = new HttpServer({ app: app as HttpApp, log, upgrade: upgraded, limits: { stallTimeout } });
  await new Promise<void>((resolve) => http.server.listen(0, '127.0.0.1', resolve));
  return { http, port: (http.server.address() as AddressInfo).port };
}

it('ends a request whose client does not read the answer, and no connection that was upgraded', async () => {
  const more = 64 * 1024 * 1024;
  let upgrades = 0;
  const app = { fetch: () => new Response(new Uint8Array(more)) };
  const { http, port } = await serve(app, () => (upgrades += 1));
  const frames = new RawConnection(port);
  await frames.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: kv/1\r\n\r\n');
  await eventually(() => upgrades === 1);
  const deaf = new RawConnection(port);
  deaf.socket.pause();
  await deaf.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await eventually(() => http.requests === 1);
  await eventually(() => http.requests === 0);
  expect(deaf.bytes.length).toBe(0);
  deaf.socket.resume();
  await eventually(() => deaf.closed);
  expect(deaf.bytes.length).toBeLessThan(more);
  expect(frames.closed).toBe(false);
  frames.socket.destroy();
  http.server.closeAllConnections();
  http.server.close();
});

it('lets a request take its time as long as its client reads', async () => {
  const chunks = 8;
  const app = {
    fetch: () => {
      let sent = 0;
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, stallTimeout / 3));
        controller.enqueue(new TextEncoder().encode('x'));
        sent += 1;
        if (sent === chunks) controller.close();
      };
      return new Response(new ReadableStream({ pull }));
    },
  };
  const { http, port } = await serve(app, () => undefined);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('x'.repeat(chunks));
  http.server.closeAllConnections();
  http.server.close();
});
