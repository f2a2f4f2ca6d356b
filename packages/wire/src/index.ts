/** The frames and messages that nodes and clients exchange, and the record that replicas store.
 * @packageDocumentation
 */
export {};
