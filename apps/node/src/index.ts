/** The deployable node: HTTP API, sockets, files, configuration and lifecycle.
 * @packageDocumentation
 */
export {};
