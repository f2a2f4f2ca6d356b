/**
 * A simulated cluster of gossipers in virtual time, for tests of what is built on gossip.
 *
 * @packageDocumentation
 */
export { EventQueue } from './event-queue.ts';
export { SeededRandom } from './seeded-random.ts';
export {
  type ObservedEffect,
  type SentMessage,
  SimulatedCluster,
  type SimulatedClusterOptions,
} from './simulated-cluster.ts';
