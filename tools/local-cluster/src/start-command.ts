/** `npm start`: starts a local cluster, says when it is whole, and watches over it until it is told to stop. */
import type { MemberStatus } from './cluster-status.ts';
import { LocalClusterError } from './errors.ts';
import { LocalCluster, type LocalClusterOptions } from './local-cluster.ts';
import { describeExit } from './node-process.ts';
import { alignTable, type Terminal } from './terminal.ts';
import { watchNodes } from './watch-nodes.ts';

export interface StartCommandOptions extends Pick<LocalClusterOptions, 'nodes' | 'port' | 'program'> {
  readonly data: string;
}

/** Runs until the cluster is stopped (0), cannot start, or has lost its last node (1). Answers the exit code. */
export async function startCommand(options: StartCommandOptions, terminal: Terminal): Promise<number> {
  const interrupted = new AbortController();
  let cluster: LocalCluster | undefined;
  terminal.onInterrupt(() => {
    // Whoever asks twice does not want to wait for a clean end.
    if (interrupted.signal.aborted) cluster?.nodes.forEach((node) => node.kill('SIGKILL'));
    interrupted.abort();
  });
  try {
    const done = terminal.step('starting the nodes');
    cluster = await LocalCluster.start({ ...options, signal: interrupted.signal });
    return await runCluster(cluster, done, terminal, interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) {
      terminal.line('stopped');
      return 0;
    }
    if (!(error instanceof LocalClusterError)) throw error;
    terminal.problem(error.message);
    return 1;
  } finally {
    await cluster?.stop();
  }
}

async function runCluster(
  cluster: LocalCluster,
  started: (outcome: string) => void,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const stopping = new Promise<'stop'>((resolve) => {
    if (signal.aborted) resolve('stop');
    signal.addEventListener('abort', () => resolve('stop'));
  });
  const members = await Promise.race([cluster.waitReady(), stopping]);
  if (members !== 'stop') {
    started(`${cluster.nodes.length} ${cluster.nodes.length === 1 ? 'node' : 'nodes'} started`);
    announce(cluster, members, terminal);
    const end = await watchNodes(cluster, terminal, signal);
    if (end === 'all gone') {
      const again = cluster.commands.start();
      terminal.problem(`the last node is gone; the data stays in ${cluster.data}: start again with: ${again}`);
      return 1;
    }
  }
  await stop(cluster, terminal);
  return 0;
}

function announce(cluster: LocalCluster, members: readonly MemberStatus[], terminal: Terminal): void {
  terminal.line('');
  const pids = new Map(cluster.nodes.map(({ name, runningPid }) => [name, runningPid]));
  for (const line of formatMembers(members, pids)) terminal.line(line);
  terminal.line('');
  terminal.line(`data in ${cluster.data}, Ctrl-C stops the cluster`);
  terminal.line(`cluster ready http://${cluster.node(1).address}`);
}

/** The members as a table: node, address, process, state, share of the ring. @param pids processes by name, as far as known */
export function formatMembers(
  members: readonly MemberStatus[],
  pids: ReadonlyMap<string, number | undefined>,
): string[] {
  const rows = members.map(({ name, address, state, share }) => [
    name,
    address,
    String(pids.get(name) ?? '-'),
    state,
    `${(share * 100).toFixed(1)} %`,
  ]);
  return alignTable([['node', 'address', 'process', 'state', 'share of the ring'], ...rows]);
}

async function stop(cluster: LocalCluster, terminal: Terminal): Promise<void> {
  const asked = cluster.nodes.filter(({ running }) => running);
  for (const { name, address, running, runningPid } of cluster.nodes) {
    if (running || runningPid === undefined) continue;
    terminal.line(`${name} goes on at ${address}, for it was started elsewhere: process ${runningPid}`);
  }
  terminal.line('stopping the nodes');
  await cluster.stop();
  for (const node of asked) {
    const exit = await node.exited;
    if (exit.how === 'signal') terminal.problem(`${node.name} did not stop cleanly: it ${describeExit(exit)}`);
  }
  terminal.line(`stopped; the data stays in ${cluster.data}`);
}
