/** `connect` with the clocks, timers, randomness and sockets of Node. */
import { randomBytes } from 'node:crypto';
import { type ClientPorts, connectWith, type ConnectOptions, type KvClient } from '../core/index.ts';
import { nodeTransport } from './node-transport.ts';

const nodePorts: ClientPorts = {
  clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
  timers: {
    set(delayMs, run) {
      const timeout = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(timeout) };
    },
  },
  random: { next: () => Math.random(), bytes: (count) => randomBytes(count) },
  transport: nodeTransport,
};

/**
 * @param target `kv://host:port,host:port`, or `{ nodes: ['host:port'] }`; one node is enough, the others are learnt
 * @throws KvError INVALID_TARGET, or UNREACHABLE naming every address that was tried
 */
export function connect(target: string | ConnectOptions): Promise<KvClient> {
  return connectWith(nodePorts, target);
}
