/**
 * `npm run fuzz -- --minutes N --seed S`: seeded changes of small inputs for every parser of untrusted bytes. A result or
 * a StudioError within 2 s, 500 MB and a message of at most 20,000 characters, or the input is kept in .cache/fuzz and the
 * exit code is 1.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { StudioError } from "../src/common/errors/studioError";
import { mutated } from "./fuzz/mutate";
import { fuzzTargets, type FuzzTarget } from "./fuzz/targets";

const MAX_MS = 2000;
const MAX_MB = 500;
const MAX_MESSAGE = 20_000;
const OUT = ".cache/fuzz";

/** The most memory this process has had at once. */
const peakMb = () => process.resourceUsage().maxRSS / 1000;

/** Why an input is a failure; undefined for one that ended as it should. */
async function problemOf({ run }: FuzzTarget, bytes: Uint8Array): Promise<string | undefined> {
  const [startedMs, beforeMb] = [performance.now(), peakMb()];
  const thrown: unknown = await Promise.resolve()
    .then(() => run(bytes))
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  const ms = performance.now() - startedMs;
  if (ms > MAX_MS) return `it took ${Math.round(ms)} ms`;
  const grownMb = peakMb() - beforeMb;
  if (grownMb > MAX_MB) return `it took ${Math.round(grownMb)} MB`;
  if (thrown === undefined) return undefined;
  if (!(thrown instanceof StudioError)) {
    return thrown instanceof Error
      ? (thrown.stack ?? thrown.message)
      : "what was thrown is no Error";
  }
  return thrown.message.length > MAX_MESSAGE
    ? `a message of ${thrown.message.length} characters`
    : undefined;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
let unhandled: string | undefined;
process.on("unhandledRejection", (error) => {
  unhandled = `unhandled: ${String(error)}`;
});
const targets = (await fuzzTargets()).filter(
  ({ name }) => values.only === undefined || name === values.only,
);
const endMs = performance.now() + Number(values.minutes) * 60_000;
const tried = new Map<string, number>();
const kinds = new Map<string, string>();
mkdirSync(OUT, { recursive: true });
for (let round = 0; performance.now() < endMs; round++) {
  for (const target of targets) {
    const start = target.corpus[round % target.corpus.length] ?? new Uint8Array(0);
    const bytes = mutated(start, Number(values.seed) * 2 ** 24 + round);
    const problem = (await problemOf(target, bytes)) ?? unhandled;
    unhandled = undefined;
    tried.set(target.name, (tried.get(target.name) ?? 0) + 1);
    if (problem === undefined) continue;
    const kind = `${target.name}: ${problem.replaceAll(/\d+/g, "N").slice(0, 400)}`;
    if (kinds.has(kind)) continue;
    const path = `${OUT}/${target.name.replaceAll(/[ /]/g, "-")}-${values.seed}-${round}.bin`;
    writeFileSync(path, bytes);
    kinds.set(kind, path);
    console.log(`${path}\n  ${problem}`);
  }
}
const counts = [...tried].map(([name, count]) => `${name} ${count}`).join(", ");
const all = [...tried.values()].reduce((sum, count) => sum + count, 0);
const peak = `at most ${Math.round(peakMb())} MB for the process`;
console.log(`${all} inputs (${counts}), ${peak}; ${kinds.size} kinds of failure.`);
process.exitCode = kinds.size > 0 ? 1 : 0;
