/**
 * Starts and supervises a cluster of real nodes on this machine: one operating system process per node, one data
 * folder for all. Behind `npm start`, `npm run node` and the end-to-end tests.
 *
 * ```ts
 * await using cluster = await LocalCluster.start({ nodes: 3, port: 'free', data });
 * await cluster.waitReady();
 * cluster.node(2).kill('SIGKILL');
 * await cluster.node(2).restart();
 * ```
 *
 * @packageDocumentation
 */
export { CommandLines } from './command-lines.ts';
export type { MemberStatus } from './cluster-status.ts';
export { LocalClusterError, type LocalClusterErrorCode } from './errors.ts';
export { clusterLimits } from './limits.ts';
export { type LaunchedNode, LocalCluster, type LocalClusterOptions, openLocalNode } from './local-cluster.ts';
export type { LocalNode } from './local-node.ts';
export { nodeCommand, type NodeCommandOptions } from './node-command.ts';
export type { NodeExit, NodeLaunch } from './node-process.ts';
export { findFreePorts } from './ports.ts';
export { identify, type ProcessIdentity } from './process-identity.ts';
export { startCommand, type StartCommandOptions } from './start-command.ts';
export type { Terminal } from './terminal.ts';
