/** Measures and draws the tables and plots of the package READMEs.
 * @packageDocumentation
 */
export {};
