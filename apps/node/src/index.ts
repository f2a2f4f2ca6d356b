/**
 * The deployable node: HTTP API, sockets, files, configuration and lifecycle. `main.ts` is the process; this is what a
 * program needs that runs a node inside itself.
 * @packageDocumentation
 */
export { type NodeEvents, type RunningNode, startNode } from './compose.ts';
export { type Config, ConfigError, readConfig } from './config.ts';
