/** Ports on the loopback address: which are taken, and where a free row of them begins. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { CommandLines } from './command-lines.ts';
import { LocalClusterError } from './errors.ts';

const host = '127.0.0.1';

/**
 * Below the ranges from which Linux and macOS take ports for outgoing connections, so that a port found free is not
 * lost to a connection of some other program before the node listens on it.
 */
const freeRange = { from: 10_000, to: 32_000 } as const;

/** Throws `PORT_TAKEN` naming the first port of the row on which something already listens. */
export async function requireFreePorts(
  first: number,
  count: number,
  commands: CommandLines,
): Promise<readonly number[]> {
  const ports = row(first, count);
  for (const port of ports) {
    if (await isFree(port)) continue;
    const [other] = await findFreePorts(count);
    throw new LocalClusterError(
      'PORT_TAKEN',
      `${host}:${port} is taken by another program: stop it, or choose other ports, for example: ` +
        commands.start({ port: other }),
    );
  }
  return ports;
}

/** A row of consecutive ports on which nothing listens, at a random place. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const ports = row(randomInt(freeRange.from, freeRange.to - count), count);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return ports;
  }
  throw new LocalClusterError(
    'PORT_TAKEN',
    `found no ${count} free ports between ${freeRange.from} and ${freeRange.to}`,
  );
}

/** Whether a server could listen on the port at this moment. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function row(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
