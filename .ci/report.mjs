/**
 * Prints the numbers of a run from vitest's report: `N passed, N failed`, alone on a line. Fails when there were none.
 */
import { readFileSync } from 'node:fs';

const [file, ...flags] = process.argv.slice(2).reverse();
const { numPassedTests, numFailedTests, numPendingTests, success, testResults } = JSON.parse(
  readFileSync(file, 'utf8'),
);
const results = testResults.flatMap(({ assertionResults }) => assertionResults);
if (
  flags.includes('--guarded') &&
  !results.some(({ title, status }) => title === 'code from strings is refused here' && status === 'passed')
) {
  console.log('the flag did not reach the processes of the tests');
  process.exit(1);
}
for (const { fullName, status } of results) if (status === 'failed') console.log(`failed: ${fullName}`);
if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
process.exit(success && numPassedTests > 0 ? 0 : 1);
