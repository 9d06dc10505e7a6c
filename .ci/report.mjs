/**
 * Prints the numbers of a run from vitest's report: `N passed, N failed`, alone on a line. Fails when there were none.
 */
import { readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const { numPassedTests, numFailedTests, numPendingTests, success, testResults } = JSON.parse(
  readFileSync(file, 'utf8'),
);
const results = testResults.flatMap(({ assertionResults }) => assertionResults);
for (const { fullName, status } of results) if (status === 'failed') console.log(`failed: ${fullName}`);
if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
process.exit(success && numPassedTests > 0 ? 0 : 1);
