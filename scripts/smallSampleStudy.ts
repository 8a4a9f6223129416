/**
 * How many samples do KID and the Fréchet distance need? Two disjoint halves of the built-in images in the
 * built-in space: `npm run study:small-n`. Writes docs/small-n/{small-n.json, small-n.csv, small-n.svg}.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { formatFile } from "../bench/format";
import { encoderRow } from "../src/common/catalogue/encoders";
import { builtInOnly } from "../src/engine/encoders/modelSources";
import { loadEncoder } from "../src/engine/encoders/loadEncoder";
import { toMatrix } from "../src/engine/metrics/matrix";
import { featuresOf } from "./pretrain/features";
import { loadImages, MODELS_DIR, readFrom, startWasm } from "./pretrain/runtime";
import {
  COMPONENTS,
  CONTRACTION,
  drawHalves,
  METRICS,
  SHIFT_DIRECTIONS,
  SHIFT_SHARE,
  summarise,
} from "./study/draws";
import { figure } from "./study/figure";

const ENCODER = "tiny-vit";
const COUNTS = [128, 256, 512, 1024];
const SEEDS = 16;
const OUT = "docs/small-n";

const backend = await startWasm();
const data = await loadImages();
const encoder = await loadEncoder(ENCODER, builtInOnly(readFrom(MODELS_DIR)));
const grid = data.resolution / encoderRow(ENCODER).input.patch;
const tokenMean = (images: tf.Tensor4D): Tensor2D => tf.mean(encoder.encode(images, grid), 1);
const { values, width } = await featuresOf(data, tokenMean);
encoder.dispose();
const features = toMatrix(values, data.size, width);

const counts = [...COUNTS, Math.floor(data.size / 2)];
const started = performance.now();
const draws = drawHalves(features, counts, SEEDS);
const seconds = (performance.now() - started) / 1000;
const cells = summarise(draws, counts);
const coverage = counts.map((n) => {
  const perfect = draws.filter((draw) => draw.n === n && draw.model === "perfect");
  const held = perfect.filter((draw) => draw.kidHoldsZero).length;
  return { n, share: held / perfect.length };
});

const caption = `Built-in images, space "${ENCODER}, token mean" (${width} dimensions), ${SEEDS} draws a point; bars hold 95 % of draws (mean ± 1.96 std).`;
await mkdir(OUT, { recursive: true });
const study = {
  command: "npm run study:small-n",
  backend,
  space: `${ENCODER}, token mean`,
  width,
  images: data.size,
  dataset: data.hash,
  seeds: SEEDS,
  components: COMPONENTS,
  models: {
    perfect: "the other half as it is",
    contracted: `deviations from the mean x ${CONTRACTION}`,
    shifted: `mean moved by ${SHIFT_SHARE} of the total variance over ${SHIFT_DIRECTIONS} components`,
  },
  kidIntervalHoldsZero: coverage,
  cells,
};
await writeFile(join(OUT, "small-n.json"), JSON.stringify(study, null, 2));
formatFile(join(OUT, "small-n.json"));
const header = "n,seed,model,kid_x1000,frechet_top32,frechet_full,kid_interval_holds_0";
const lines = draws.map(({ n, seed, model, values: found, kidHoldsZero }) =>
  [n, seed, model, ...METRICS.map((metric) => found[metric]), kidHoldsZero].join(","),
);
await writeFile(join(OUT, "small-n.csv"), `${[header, ...lines].join("\n")}\n`);
await writeFile(join(OUT, "small-n.svg"), figure(cells, caption));

for (const { metric, model, n, mean, std, dPrime } of cells) {
  const figures = [mean, std, dPrime].map((value) => value.toFixed(2).padStart(8)).join(" ");
  console.log(`${metric.padEnd(12)} ${model.padEnd(10)} n = ${String(n).padStart(5)} ${figures}`);
}
console.log(coverage.map(({ n, share }) => `n = ${n}: interval holds 0 in ${share}`).join("; "));
console.log(`${seconds.toFixed(0)} s for ${draws.length} comparisons`);
