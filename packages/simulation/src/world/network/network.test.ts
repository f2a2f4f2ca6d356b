import { describe, expect, it } from 'vitest';
import { totalPowerLoss } from '../disk/crash.ts';
import type { Machine } from '../machine.ts';
import { World } from '../world.ts';
import type { Endpoint } from './endpoint.ts';
import { type NetworkNoise, type NetworkOptions, quietNetwork } from './network-options.ts';

/** A machine that keeps what it hears. */
class Listener {
  readonly heard: string[] = [];
  readonly lost: string[] = [];
  readonly times: number[] = [];
  readonly machine: Machine;
  readonly #world: World;
  #endpoint: Endpoint | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.machine = world.machine(name);
    this.start();
  }

  start(): void {
    this.machine.start();
    this.#endpoint = this.machine.listen(this.machine.name, {
      receive: (from, bytes) => {
        this.heard.push(`${from}:${bytes.join()}`);
        this.times.push(this.#world.now);
      },
      linkLost: (peer) => this.lost.push(peer),
    });
  }

  send(to: string, ...bytes: number[]): void {
    this.#world.network.send(this.#endpoint!, to, new Uint8Array(bytes));
  }
}

function pair(options: Partial<NetworkOptions>, noise: Partial<NetworkNoise> = {}) {
  const world = new World({ seed: 1, network: options });
  world.network.noise = { ...quietNetwork, ...noise };
  return { world, a: new Listener(world, 'a'), b: new Listener(world, 'b') };
}

const hundred = Array.from({ length: 100 }, (_, index) => index);

describe('a network without faults', () => {
  it.each(['stream', 'datagram'] as const)(
    'delivers every %s frame once, in order, after its latency',
    async (mode) => {
      const { world, a, b } = pair({ mode, latencyMs: 3, jitterMs: 5 });
      for (const index of hundred) a.send('b', index);
      await world.run(1000);
      expect(b.heard).toEqual(hundred.map((index) => `a:${index}`));
      expect(Math.min(...b.times)).toBeGreaterThanOrEqual(3);
      expect(a.lost).toEqual([]);
    },
  );

  it('copies the bytes: neither end sees what the other does to them', async () => {
    const { world, a, b } = pair({});
    const bytes = new Uint8Array([1]);
    const endpoint = a.machine.listen('a2', { receive: () => undefined });
    world.network.send(endpoint, 'b', bytes);
    bytes[0] = 9;
    await world.run(100);
    expect(b.heard).toEqual(['a2:1']);
  });
});

describe('datagram links', () => {
  it('lose frames one by one and tell nobody', async () => {
    const { world, a, b } = pair({ mode: 'datagram' }, { loss: 0.3 });
    for (const index of hundred) a.send('b', index);
    await world.run(1000);
    expect(b.heard.length).toBe(100 - world.faults.counts().loss.fired);
    expect(b.heard.length).toBeLessThan(85);
    expect(a.lost).toEqual([]);
  });

  it('double and reorder frames', async () => {
    const { world, a, b } = pair({ mode: 'datagram' }, { duplication: 0.2, reordering: 0.2 });
    for (const index of hundred) a.send('b', index);
    await world.run(1000);
    const { duplication, reordering } = world.faults.counts();
    expect(b.heard.length).toBe(100 + duplication.fired);
    expect(duplication.fired).toBeGreaterThan(5);
    expect(reordering.fired).toBeGreaterThan(5);
    expect(b.heard).not.toEqual([...b.heard].sort((x, y) => Number(x.slice(2)) - Number(y.slice(2))));
    expect(new Set(b.heard).size).toBe(100);
  });

  it('may reach a later incarnation than the one that they were sent to', async () => {
    const { world, a, b } = pair({ mode: 'datagram', latencyMs: 10, jitterMs: 0 });
    a.send('b', 1);
    world.scheduler.after(2, () => b.machine.crash(totalPowerLoss));
    world.scheduler.after(4, () => b.start());
    await world.run(100);
    expect(b.heard).toEqual(['a:1']);
  });

  it('drop what meets a block, unless the block holds it', async () => {
    for (const holds of [false, true]) {
      const { world, a, b } = pair({ mode: 'datagram' });
      const block = { kind: holds ? ('delay' as const) : ('partition' as const), holds };
      world.network.block(block, 'a', 'b');
      a.send('b', 1);
      b.send('a', 2);
      await world.run(100);
      expect(b.heard).toEqual([]);
      expect(a.heard).toEqual(['b:2']);
      expect(world.faults.counts()[block.kind].fired).toBe(1);
      world.network.lift(block);
      await world.run(100);
      expect(b.heard).toEqual(holds ? ['a:1'] : []);
    }
  });
});

describe('stream links', () => {
  it('break when a frame is lost: both ends hear of it, and what was sent behind it does not arrive', async () => {
    const { world, a, b } = pair({ mode: 'stream' }, { loss: 0.05 });
    for (const index of hundred) a.send('b', index);
    await world.run(1000);
    expect(world.faults.counts().loss.fired).toBeGreaterThan(0);
    expect(a.lost.length).toBe(world.faults.counts().loss.fired);
    expect(b.lost.length).toBe(a.lost.length);
    const numbers = b.heard.map((text) => Number(text.slice(2)));
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
  });

  it('hold frames behind a block and deliver them in order when it is lifted', async () => {
    const { world, a, b } = pair({ mode: 'stream' });
    const block = { kind: 'partition', holds: false } as const;
    world.network.block(block, 'a', 'b');
    for (const index of [1, 2, 3]) a.send('b', index);
    await world.run(5000);
    expect(b.heard).toEqual([]);
    world.network.lift(block);
    a.send('b', 4);
    await world.run(100);
    expect(b.heard).toEqual(['a:1', 'a:2', 'a:3', 'a:4']);
    expect(a.lost).toEqual([]);
  });

  it('break when a block outlasts their tolerance', async () => {
    const { world, a, b } = pair({ mode: 'stream', cutToleranceMs: 200 });
    const block = { kind: 'partition', holds: false } as const;
    world.network.block(block, 'a', 'b');
    a.send('b', 1);
    await world.run(1000);
    expect(a.lost).toEqual(['b']);
    world.network.lift(block);
    await world.run(1000);
    expect(b.heard).toEqual([]);
    a.send('b', 2);
    await world.run(100);
    expect(b.heard).toEqual(['a:2']);
  });

  it('report a peer that died, and never deliver to its next incarnation what was meant for it', async () => {
    const { world, a, b } = pair({ mode: 'stream', latencyMs: 10, jitterMs: 0 });
    a.send('b', 1);
    await world.run(100);
    a.send('b', 2);
    world.scheduler.after(2, () => b.machine.crash(totalPowerLoss));
    world.scheduler.after(4, () => b.start());
    await world.run(100);
    expect(b.heard).toEqual(['a:1']);
    expect(a.lost).toEqual(['b']);
    a.send('b', 3);
    await world.run(100);
    expect(b.heard).toEqual(['a:1', 'a:3']);
  });

  it('say nothing of a machine that lost power, until it is back and resets them', async () => {
    const { world, a, b } = pair({ mode: 'stream', reportsDeadPeers: false });
    a.send('b', 1);
    await world.run(100);
    b.machine.crash(totalPowerLoss);
    a.send('b', 2);
    await world.run(100);
    expect(a.lost).toEqual([]);
    b.start();
    a.send('b', 3);
    await world.run(100);
    expect(a.lost).toEqual(['b']);
    a.send('b', 4);
    await world.run(100);
    expect(b.heard).toEqual(['a:1', 'a:4']);
  });

  it('report that nobody listens', async () => {
    const { world, a } = pair({ mode: 'stream' });
    a.send('nobody', 1);
    await world.run(100);
    expect(a.lost).toEqual(['nobody']);
  });
});

describe('a paused machine', () => {
  it('hears in a burst what arrived meanwhile', async () => {
    const { world, a, b } = pair({ mode: 'datagram' });
    b.machine.incarnation!.pause();
    for (const index of [1, 2, 3]) a.send('b', index);
    await world.run(100);
    expect(b.heard).toEqual([]);
    b.machine.incarnation!.resume();
    await world.run(0);
    expect(b.heard).toEqual(['a:1', 'a:2', 'a:3']);
  });
});

describe('chance', () => {
  it('decides each link by itself: another fault, or traffic elsewhere, changes nothing on it', async () => {
    const arrivals = async (disturb: boolean) => {
      const { world, a, b } = pair({ mode: 'datagram', jitterMs: 5 }, disturb ? { duplication: 0.5 } : {});
      const c = new Listener(world, 'c');
      for (const index of hundred) {
        a.send('b', index);
        if (disturb) c.send('a', index);
      }
      await world.run(1000);
      return new Map(b.heard.map((text, index) => [text, b.times[index]] as const).reverse());
    };
    expect(await arrivals(true)).toEqual(await arrivals(false));
  });
});
