/** The typed client: connect, typed keyspaces, straight to a replica.
 * @packageDocumentation
 */
export {};
