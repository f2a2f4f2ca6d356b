/** A deterministic simulator: real cluster nodes on a virtual clock, network and disk, under faults, with checkers.
 * @packageDocumentation
 */
export {};
