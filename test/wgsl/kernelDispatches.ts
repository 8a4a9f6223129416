import type { TensorInfo } from "@tensorflow/tfjs-core";
import { kernelCases } from "../../src/engine/check/kernelCases";
import { accumulate } from "../../src/engine/kernels/accumulate";
import { TUNINGS } from "../../src/engine/kernels/chooseTuning";
import type { MatMulTuning, StudioDevice } from "../../src/engine/kernels/device";
import {
  optimizerUpdate,
  partialsLength,
  type Arena,
} from "../../src/engine/kernels/optimizerUpdate";
import type { ProductOptions } from "../../src/engine/kernels/productFrame";
import { sharedProduct, type SharedTile } from "../../src/engine/kernels/sharedProduct";
import { recordingDevice, type Recorded } from "../recordingDevice";

/** The tunings that are measured, and small register tiles, which other tests use. */
const ALL_TUNINGS: readonly MatMulTuning[] = [
  ...TUNINGS,
  { kind: "register", tile: [4, 4], dots: true },
  { kind: "register", tile: [8, 4], dots: false },
];

function encodeOptimizer(device: StudioDevice): void {
  const tensor = (...shape: number[]): TensorInfo => device.makeTensorInfo(shape, "float32");
  const lengths = [192, 64 * 1100]; // the second has more blocks than the sums have threads
  const arenas = lengths.map((length): Arena => ({
    params: tensor(length),
    gradients: tensor(length),
    expAvg: tensor(length),
    expAvgSq: tensor(length),
    ema: tensor(length),
    segmentOfBlock: tensor(length / 64),
  }));
  optimizerUpdate(device, {
    arenas,
    segments: tensor(3, 4),
    hyper: tensor(8),
    partials: tensor(partialsLength(lengths)),
    losses: { velocityLoss: tensor(), projLoss: tensor() },
    logged: tensor(3),
  });
}

function encodeAccumulate(device: StudioDevice): void {
  for (const [size, first] of [
    [1000, true],
    [1000, false],
    [333, true],
    [333, false],
  ] as const) {
    const tensor = () => device.makeTensorInfo([size], "float32");
    accumulate(device, tensor(), tensor(), 0.5, first);
  }
}

/** Every dispatch of every operation, and of the optimiser and the accumulation, for all settings a device may have. */
export function kernelDispatches(): Recorded[] {
  const cases = kernelCases();
  const featureSets = [["shader-f16"], ["shader-f16", "subgroups"]];
  return ALL_TUNINGS.flatMap((tuning) =>
    [false, true].flatMap((mixedPrecision) =>
      featureSets.flatMap((features) => {
        const settings = { tuning, mixedPrecision, features: new Set(features) };
        const { device, dispatches } = recordingDevice(settings);
        for (const { encode } of cases) encode(device);
        encodeOptimizer(device);
        encodeAccumulate(device);
        return dispatches;
      }),
    ),
  );
}

/** Dispatches of products through workgroup memory with another tile than the one in use; sizes past its ends. */
export function sharedProductDispatches(tile: SharedTile): Recorded[] {
  const [m, n, k] = [2 * tile.threads * tile.results + 5, 35, 2 * tile.depth + 1];
  const workgroups = [m, n].map((size) => Math.ceil(size / (tile.threads * tile.results)));
  const tensor = (...shape: number[]): TensorInfo => ({ dataId: {}, shape, dtype: "float32" });
  return (["nt", "nn", "tn"] as const).flatMap((layout) =>
    [false, true].map((f16) => {
      const bias = layout === "tn" ? "sum" : "none";
      const options: ProductOptions = {
        ...{ layout, bias, f16 },
        ...{ activation: "none", activationSide: "forward" },
      };
      const outputs = [tensor(m, n), ...(bias === "sum" ? [tensor(m)] : [])];
      const [rows = 0, columns = 0] = workgroups;
      const operands = {
        ...{ outputs, inputs: [], uniforms: [m, n, k, n, m * n, 1] },
        workgroups: [columns, rows, 1] as const,
      };
      return { program: sharedProduct(options, tile), operands };
    }),
  );
}
