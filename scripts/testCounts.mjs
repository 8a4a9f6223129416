/** Counts from the reporters' JSON, so that the last line of `npm test` is a sum of facts. */

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @param {unknown} report what vitest's json reporter wrote
 * @returns {Counts}
 */
export function vitestCounts(report) {
  const files = report.testResults ?? [];
  // a file that does not even load has no tests, and is a failure all the same
  const broken = files.filter((file) => file.status === "failed" && !file.assertionResults.length);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** @param {unknown} report what Playwright's json reporter wrote; a flaky test passed in the end */
export function playwrightCounts(report) {
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected + flaky, failed: unexpected, skipped };
}

/** A stage that failed counts at least one failure, whatever its report says or lacks. */
export function stageCounts(ok, reported) {
  const counts = reported ?? { passed: ok ? 1 : 0, failed: 0, skipped: 0 };
  return ok ? counts : { ...counts, failed: Math.max(1, counts.failed) };
}

/** The plain count. */
export const countLine = (passed, failed) => `${passed} passed, ${failed} failed`;
