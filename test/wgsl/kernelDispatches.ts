import type { TensorInfo } from "@tensorflow/tfjs-core";
import { kernelCases } from "../../src/engine/check/kernelCases";
import { accumulate } from "../../src/engine/kernels/accumulate";
import { REGISTER_TUNINGS } from "../../src/engine/kernels/chooseTuning";
import type { MatMulTuning, StudioDevice } from "../../src/engine/kernels/device";
import { sharedDispatch } from "../../src/engine/kernels/matMul";
import {
  optimizerUpdate,
  partialsLength,
  type Arena,
} from "../../src/engine/kernels/optimizerUpdate";
import { sideOf, type SharedTile } from "../../src/engine/kernels/sharedTile";
import { ALL_TILES, oneTile } from "../../src/engine/kernels/sharedTuning";
import { recordingDevice, type Recorded } from "../recordingDevice";

/** Tunings that are in use, and small register tiles, which other tests use. */
const ALL_TUNINGS: readonly MatMulTuning[] = [
  ...REGISTER_TUNINGS,
  ALL_TILES,
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

/**
 * Dispatches of products through workgroup memory with one tile: all layouts and precisions, read four numbers at a time
 * or one, whole and in parts of K; sizes past the tile's ends.
 */
export function sharedProductDispatches(tile: SharedTile): readonly Recorded[] {
  const settings = { tuning: oneTile(tile), mixedPrecision: false, features: new Set<string>() };
  const { device, dispatches } = recordingDevice(settings);
  const [rows, columns] = [sideOf(tile, 0).length, sideOf(tile, 1).length];
  const wideAndNarrow = [
    [rows + 4, columns + 8, 2 * tile.depth + 4],
    [rows + 5, columns + 3, 2 * tile.depth + 1],
  ] as const;
  const tensor = (...shape: number[]): TensorInfo => device.makeTensorInfo(shape, "float32");
  for (const layout of ["nt", "nn", "tn"] as const) {
    for (const f16 of [false, true]) {
      for (const [m, n, k] of wideAndNarrow) {
        for (const parts of [1, 2]) {
          const bias = layout === "tn" ? "sum" : "none";
          sharedDispatch(
            device,
            {
              options: { layout, bias, f16, activation: "none", activationSide: "forward" },
              sizes: { m, n, k, chunk: n, stride: m * n },
              operands: [tensor(m, k), tensor(n, k)],
              outputs: [tensor(m, n), ...(bias === "sum" ? [tensor(m)] : [])],
              scale: 1,
            },
            { tile, parts, partLength: parts === 1 ? 3 * tile.depth : 2 * tile.depth },
          );
        }
      }
    }
  }
  return dispatches;
}
