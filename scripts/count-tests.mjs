// Prints `PASSED FAILED` from vitest's JSON report. A run that wrote none, or failed beside its tests, is one failure.
import { existsSync, readFileSync } from 'node:fs';

const [path, exitCode] = process.argv.slice(2);
const report = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, testResults: [] };
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
).length;
const failed = report.numFailedTests + unloaded;
process.stdout.write(`${report.numPassedTests} ${failed === 0 && exitCode !== '0' ? 1 : failed}\n`);
