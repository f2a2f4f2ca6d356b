/** `npm run node -- 2`: runs one node of the cluster in a data folder, in the foreground, until it is told to stop. */
import { LocalClusterError } from './errors.ts';
import { openLocalNode } from './local-cluster.ts';
import { describeExit } from './node-process.ts';
import type { Terminal } from './terminal.ts';

export interface NodeCommandOptions {
  /** 1 for the first. */
  readonly number: number;
  readonly data: string;
  readonly program?: string;
}

/** Answers the exit code: 0 after a stop that was asked for, 1 when the node cannot start or ends by itself. */
export async function nodeCommand(options: NodeCommandOptions, terminal: Terminal): Promise<number> {
  let interrupts = 0;
  try {
    const node = openLocalNode(options);
    terminal.onInterrupt(() => {
      interrupts++;
      if (interrupts === 1) void node.stop();
      else node.kill('SIGKILL');
    });
    const started = terminal.step(`starting ${node.name}`);
    await node.start();
    if (interrupts > 0) await node.stop();
    if (await node.ready) {
      started(`${node.name} started (process ${node.pid})`);
      terminal.line(`Ctrl-C stops ${node.name}`);
      terminal.line(`${node.name} ready http://${node.address}`);
    }
    const exit = await node.exited;
    if (interrupts === 0) throw new LocalClusterError('NODE_FAILED', `${node.name} ${describeExit(exit)}`);
    terminal.line(`${node.name} stopped`);
    return 0;
  } catch (error) {
    if (interrupts > 0) return 0;
    if (!(error instanceof LocalClusterError)) throw error;
    terminal.problem(error.message);
    return 1;
  }
}
