/** Cluster membership by gossip: heartbeat counters, digests and phi-accrual failure detection.
 * @packageDocumentation
 */
export {};
