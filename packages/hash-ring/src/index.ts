/** Consistent hashing with virtual nodes, weights, racks and data centres, preference lists and movement plans.
 * @packageDocumentation
 */
export {};
