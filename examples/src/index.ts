/** Programs from the documentation, run by tests.
 * @packageDocumentation
 */
export {};
