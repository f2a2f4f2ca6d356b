/**
 * The world by itself, proven on a protocol small enough to see through: a counter that a client asks a server to
 * raise, again and again until it hears that it was done. The server must raise it once per request, whatever the
 * network does, and must not forget it in a crash. Its two classic mistakes are found, and only in the faulty server.
 */
import { describe, expect, it } from 'vitest';
import { totalPowerLoss } from './disk/crash.ts';
import type { Machine } from './machine.ts';
import { quietNetwork } from './network/network-options.ts';
import { World } from './world.ts';

type Mistake = 'none' | 'counts-repeats' | 'answers-before-sync';
const requests = 50;

/** Raises the counter and answers once the log, whose length is the counter, is durable. */
async function serve(machine: Machine, mistake: Mistake, world: World): Promise<void> {
  machine.start();
  const fileSystem = machine.fileSystem();
  const isNew = !(await fileSystem.exists('log'));
  const log = await fileSystem.open('log', isNew ? 'create' : 'modify');
  if (isNew) await fileSystem.syncDirectory('');
  const known = new Set(await log.read(0, 4096));
  let size = await log.size();
  const endpoint = machine.listen('server', {
    receive: (from, request) => {
      void (async () => {
        if (mistake === 'counts-repeats' || !known.has(request[0]!)) {
          known.add(request[0]!);
          size += 1;
          await log.write(size - 1, [request]);
        }
        if (mistake !== 'answers-before-sync') await log.sync();
        world.network.send(endpoint, from, request);
      })();
    },
  });
}

/** Sends each request until it is answered. Returns how many were. */
function ask(machine: Machine, world: World): () => number {
  machine.start();
  const answered = new Set<number>();
  const endpoint = machine.listen('client', { receive: (_from, answer) => answered.add(answer[0]!) });
  const timers = machine.timers();
  for (let request = 1; request <= requests; request += 1) {
    const again = (): void => {
      if (answered.has(request)) return;
      world.network.send(endpoint, 'server', new Uint8Array([request]));
      timers.set(20, again);
    };
    timers.set(request * 10, again);
  }
  return () => answered.size;
}

async function run(seed: number, mistake: Mistake, faulty = true): Promise<{ counter: number; hash: string }> {
  const world = new World({ seed, network: { mode: 'datagram', latencyMs: 1, jitterMs: 3 } });
  const server = world.machine('server');
  void serve(server, mistake, world);
  const answered = ask(world.machine('client'), world);
  if (faulty) {
    world.network.noise = { ...quietNetwork, loss: 0.1, duplication: 0.1 };
    for (const at of [150, 300]) {
      world.scheduler.after(at, () => {
        server.crash(totalPowerLoss);
        void serve(server, mistake, world);
      });
    }
  }
  await world.run(60_000, () => answered() === requests);
  server.crash(totalPowerLoss);
  server.start();
  const reading = server.fileSystem().open('log', 'read');
  await world.run(1000);
  return { counter: (await reading).readSync(0, 4096).length, hash: world.trace.hash };
}

const seeds = Array.from({ length: 20 }, (_, seed) => seed);

describe('a toy protocol in the world', () => {
  it('runs the same way again from the same seed, and another way from another', async () => {
    const first = await Promise.all(seeds.map((seed) => run(seed, 'none')));
    const again = await Promise.all(seeds.map((seed) => run(seed, 'none')));
    expect(again).toEqual(first);
    expect(new Set(first.map(({ hash }) => hash)).size).toBe(seeds.length);
  });

  it('counts each request once when it is right', async () => {
    for (const seed of seeds) expect((await run(seed, 'none')).counter).toBe(requests);
  });

  it.each(['counts-repeats', 'answers-before-sync'] as const)('is caught when it %s', async (mistake) => {
    const counters = await Promise.all(seeds.map(async (seed) => (await run(seed, mistake)).counter));
    expect(counters.filter((counter) => counter !== requests).length).toBeGreaterThan(seeds.length / 2);
  });

  it('hides no mistake but the one that only faults bring out', async () => {
    expect((await run(1, 'counts-repeats', false)).counter).toBe(requests);
  });
});
