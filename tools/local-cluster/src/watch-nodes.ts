/**
 * Watches over the nodes of a running cluster: says which one is gone and how to start it again, and which one came
 * back, started by this process or by another one that says so in the data folder.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalCluster } from './local-cluster.ts';
import type { LocalNode } from './local-node.ts';
import { describeExit } from './node-process.ts';
import type { Terminal } from './terminal.ts';

/** How soon a return is noticed. The end of a process of our own is noticed at once. */
const lookEveryMs = 500;

/** Settles when no process runs any node, or when the signal ends the watch. */
export async function watchNodes(
  cluster: LocalCluster,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<'all gone' | 'stopped'> {
  const known = new Map<LocalNode, number>(cluster.nodes.map((node) => [node, node.pid]));
  let awake = new AbortController();
  for (const node of cluster.nodes) void node.exited.then(() => awake.abort());
  signal.addEventListener('abort', () => awake.abort());
  while (!signal.aborted) {
    awake = new AbortController();
    await look(cluster, known, terminal);
    if (known.size === 0) return 'all gone';
    await delay(lookEveryMs, undefined, { signal: awake.signal }).catch(() => undefined);
  }
  return 'stopped';
}

/** Brings what is known up to date with what runs, and tells each difference. */
async function look(cluster: LocalCluster, known: Map<LocalNode, number>, terminal: Terminal): Promise<void> {
  const running = new Map(cluster.nodes.map((node) => [node, node.runningPid]));
  const anyRuns = [...running.values()].some((pid) => pid !== undefined);
  const count = (): string => `${known.size} of ${cluster.nodes.length}`;
  for (const node of cluster.nodes) {
    const pid = known.get(node);
    if (pid === undefined || pid === running.get(node)) continue;
    known.delete(node);
    const end = pid === node.pid ? describeExit(await node.exited) : 'ended';
    terminal.problem(`${node.name} (process ${pid}) ${end}; ${count()} still run`);
    if (anyRuns) terminal.line(`start it again with: ${cluster.commands.node(node.number)}`);
  }
  for (const [node, pid] of running) {
    if (pid === undefined || known.has(node)) continue;
    known.set(node, pid);
    terminal.line(`${node.name} is back (process ${pid}); ${count()} run`);
  }
}
