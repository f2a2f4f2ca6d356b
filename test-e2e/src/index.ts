/** Real node processes: kill, restart, published packages.
 * @packageDocumentation
 */
export {};
