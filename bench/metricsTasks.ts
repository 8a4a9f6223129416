import { kidIntervalWork } from "../src/engine/metrics/kid";
import { frechetDistance } from "../src/engine/metrics/frechet";
import { layerAlignmentWork } from "../src/engine/metrics/layerAlignment";
import { linearProbeWork } from "../src/engine/metrics/linearProbe";
import { toMatrix, type Matrix } from "../src/engine/metrics/matrix";
import { eachOf, runWork, type ProgressHook } from "../src/engine/metrics/work";
import { randomNormal } from "../src/common/math/rng";

const SEED = 1;
const PROBE_CLASSES = 10;
const PROBE_LAYERS = 12;

/** Normal features: what they hold does not change the time. */
function features(index: number, n: number, width: number): Matrix {
  return toMatrix(randomNormal({ seed: SEED, stream: "bench", index }, n * width), n, width);
}

export interface MetricsTask {
  readonly id: string;
  readonly title: string;
  readonly width: number;
  /** Image counts, growing. */
  readonly counts: readonly number[];
  readonly run: (n: number, width: number, progress: ProgressHook) => Promise<unknown>;
}

function probeLayers(n: number, width: number, progress: ProgressHook) {
  const labels = Array.from({ length: n }, (_, i) => i % PROBE_CLASSES);
  const layers = Array.from({ length: PROBE_LAYERS }, (_, at) => at);
  // a layer's features are made when its turn comes, as they are sent by the trainer
  const work = eachOf(layers, (layer) => {
    const set = { features: features(layer, n, width), labels };
    return linearProbeWork(set, set, { classCount: PROBE_CLASSES, seed: SEED });
  });
  return runWork(work, progress);
}

/** What issue 5 wants the cost of, with smaller counts before it for the growth. */
export const METRICS_TASKS: readonly MetricsTask[] = [
  {
    id: "alignment",
    title: "CKNNA, CKA, mutual k-NN, chance; one layer against one encoder, k = 10",
    width: 768,
    counts: [1000, 2000, 5000, 10000],
    run: (n, width, progress) =>
      runWork(
        layerAlignmentWork([features(0, n, width)], features(1, n, width), { k: 10, seed: SEED }),
        progress,
      ),
  },
  {
    id: "kid",
    title: "KID with its jackknife interval, n images a side",
    width: 384,
    counts: [512, 1024, 2048],
    run: (n, width, progress) =>
      runWork(kidIntervalWork(features(0, n, width), features(1, n, width)), progress),
  },
  {
    id: "frechet",
    title: "Fréchet distance, n images a side",
    width: 384,
    counts: [512, 1024, 2048],
    run: (n, width) =>
      Promise.resolve(frechetDistance(features(0, n, width), features(1, n, width))),
  },
  {
    id: "probe",
    title: `linear probe of ${PROBE_LAYERS} layers, ${PROBE_CLASSES} classes, 90 epochs`,
    width: 384,
    counts: [500, 1000, 2000],
    run: probeLayers,
  },
];
