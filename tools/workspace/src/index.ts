/** The scripts behind npm start and npm test, and the tests of the workspace rules.
 * @packageDocumentation
 */
export {};
