/**
 * `npm run bench -- [--where node|chromium] [--adapter lavapipe|swiftshader|default] [--workload ID,...|all]
 * [--batch N] [--steps N] [--warm-up N] [--variants ID,...] [--threads N]`: see docs/performance.md.
 */
import { loadavg } from "node:os";
import { largestDifference } from "../src/engine/bench/agreement";
import { StudioError } from "../src/common/errors/studioError";
import { runInChromium } from "./chromium";
import { nodeEnvironment } from "./node/environment";
import { readBenchOptions } from "./options";
import { storeResult } from "./results";
import { runSuites, type SuiteResult } from "./suite";

type Losses = SuiteResult["variants"][number]["losses"];

/** Own variants do the same arithmetic in another order: their losses may differ by this much. */
const OWN_TOLERANCE = 1e-5;

/** Another library's first loss: the same step, other rounding. */
const OTHER_TOLERANCE = 1e-4;

function isOff({ own, difference, losses }: SuiteResult["variants"][number], first: Losses) {
  const [loss] = losses;
  if (own) return !(difference <= OWN_TOLERANCE);
  return !loss || !(largestDifference([loss], first, 1) <= OTHER_TOLERANCE);
}

/** @throws StudioError INTERNAL when the figures mean nothing */
function assertSound({ gpuErrors, variants }: SuiteResult): void {
  const [error] = gpuErrors;
  const off = variants.find((variant) => isOff(variant, variants[0]?.losses ?? []));
  if (error === undefined && !off) return;
  throw new StudioError(
    "INTERNAL",
    error ??
      `The losses of "${off?.name}" differ by ${off?.difference} from those of "${variants[0]?.name}".`,
    "The variants did not do the same work: their times cannot be compared.",
  );
}

const { where, adapter, suites } = readBenchOptions(process.argv.slice(2));

async function finish(result: SuiteResult, engine: string): Promise<void> {
  const now = new Date().toISOString();
  const path = await storeResult(`${where}-${adapter}`, result, {
    now,
    engine,
    load: loadavg()[0],
  });
  console.error(`written to ${path}`);
  for (const { name, stepMs, difference } of result.variants) {
    console.log(
      `${name}: ${stepMs.median.toFixed(0)} ms (${stepMs.low.toFixed(0)} to ${stepMs.high.toFixed(0)}), losses off by ${difference.toExponential(1)}`,
    );
  }
  assertSound(result);
}

if (where === "node") {
  const environment = await nodeEnvironment(adapter);
  for await (const result of runSuites(suites, environment)) {
    await finish(result, `Node ${process.version}`);
  }
} else {
  const { results, engine } = await runInChromium(suites, adapter);
  for (const result of results) await finish(result, engine);
}
// Dawn's threads and jax-js' memory would keep the process
process.exit(0);
