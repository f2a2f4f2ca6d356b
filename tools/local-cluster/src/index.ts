/** Starts and supervises a cluster of real nodes on this machine.
 * @packageDocumentation
 */
export {};
