/**
 * The GPU check's evidence with the smallest preset on wasm, printed as JSON: a program of its own, because
 * the thread that computes metrics runs the bundle it is part of. `node scripts/run.mjs test/tinyEvidence.ts FOLDER`
 */
import { isMainThread } from "node:worker_threads";
import { checkoutPlaces, nodePlaces } from "../bench/gpuCheck/places";
import {
  evidenceLines,
  gatherEvidence,
  type EvidenceRecipe,
} from "../bench/gpuCheck/stages/evidence";
import { openNodeStudio } from "../scripts/node/studio";

const RECIPE: EvidenceRecipe = {
  preset: "tiny",
  backend: "wasm",
  trialSteps: 2,
  planOf: () => ({ pairs: 2, steps: 2, metricsEvery: 2 }),
};

async function main(folder: string): Promise<void> {
  const places = nodePlaces(checkoutPlaces(process.cwd()), "default");
  const studio = await openNodeStudio(folder, places);
  let figures: Readonly<Record<string, unknown>> = {};
  const context = {
    clockMs: () => performance.now(),
    deadlineMs: Infinity,
    write: (next: object) => {
      figures = { ...next };
    },
    log: (line: string) => console.error(line),
  };
  const end = await gatherEvidence(context, studio, RECIPE);
  await studio.close();
  console.log(JSON.stringify({ end, figures, lines: evidenceLines(figures) }));
}

if (isMainThread) {
  await main(process.argv[2] ?? "");
  process.exit(0);
}
