/**
 * The version of the program, as in package.json (a test compares them). A constant, so that nothing is read for it.
 */
export const VERSION = '0.1.0';
