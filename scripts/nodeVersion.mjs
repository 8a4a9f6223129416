/** Node releases the tools run on: Vite and ESLint need require(esm), which came to 20.19 and 22.12. */
const OLDEST_BY_MAJOR = { 20: 19, 22: 13 };

/**
 * @param {string} version as process.versions.node gives it, for example "20.20.2"
 * @returns {string | undefined} what is wrong and what to do, or undefined when this Node serves
 */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const serves = major > 22 || minor >= (OLDEST_BY_MAJOR[major] ?? Infinity);
  if (serves) return undefined;
  return `REPA Studio needs Node 20.19 or newer (22.13 or newer of the 22 line); this is Node ${version}. Install a current one from https://nodejs.org and run the command again.`;
}

/** Ends the process with a plain message when this Node is too old for the tools. */
export function requireNode() {
  const problem = nodeProblem(process.versions.node);
  if (!problem) return;
  console.error(problem);
  process.exit(1);
}
