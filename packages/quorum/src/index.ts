/** Hybrid logical clocks, versions, and quorum reads and writes as synchronous state machines.
 * @packageDocumentation
 */
export {};
