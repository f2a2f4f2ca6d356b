/** One member of a cluster: ring, gossip, quorums and storage composed, without sockets, clock or globals.
 * @packageDocumentation
 */
export {};
