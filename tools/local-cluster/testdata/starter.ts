/** The start command as a process of its own, for tests that kill it: `node --import tsx starter.ts DATA PROGRAM`. */
import { startCommand } from '../src/start-command.ts';
import type { Terminal } from '../src/terminal.ts';

const [data = '', program = ''] = process.argv.slice(2);
const terminal: Terminal = {
  line: (text) => console.log(text),
  problem: (text) => console.log(text),
  step: () => () => undefined,
  onInterrupt: (listener) => ['SIGINT', 'SIGTERM'].forEach((signal) => process.on(signal, listener)),
};
process.exitCode = await startCommand({ nodes: 3, port: 'free', data, program }, terminal);
