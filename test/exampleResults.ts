import { BlobWriter, Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-native.js";
import { encode } from "fast-png";
import { presetById } from "../src/common/config/presets";
import { byteSourceOf } from "../src/common/formats/byteSource";
import { encodeSafetensors } from "../src/common/formats/safetensors";
import { entriesOf, readEntry } from "../src/common/formats/zipEntries";
import { MANIFEST } from "../src/common/resultFiles/manifest";
import type { RunFacts, RunResults } from "../src/common/resultFiles/runResults";
import { writeResults } from "../src/common/resultFiles/writeResults";
import type { Measurement, SampleGrid, StepPoint } from "../src/common/protocol/trainer";

/** A small run as a file of results holds it, with numbers that JSON lacks in its log and its measurements. */

const png = (width: number, height: number, level: number): ArrayBuffer => {
  const data = new Uint8Array(width * height * 3).fill(level);
  return new Uint8Array(encode({ width, height, data, channels: 3 })).buffer;
};

export const examplePoints: readonly StepPoint[] = [
  { step: 1, stepMs: 20.5, velocityLoss: 1.5, projLoss: -0.25, gradNorm: 3 },
  { step: 2, stepMs: 21, velocityLoss: NaN, projLoss: Infinity, gradNorm: -Infinity },
  { step: 3, stepMs: 0, velocityLoss: 5e-324, projLoss: -0, gradNorm: Number.MAX_VALUE },
];

const exampleConflict = { cosine: -0.5, velocityNorm: 1, alignmentNorm: null };
export const exampleMeasurements: readonly Measurement[] = [
  {
    ...{ kind: "gradientConflict", step: 1, encoders: ["tiny-vit"], encoderDepth: 2 },
    ...{ projCoeff: 0.5, objective: "cosine", imageCount: 4, batchSize: 4 },
    ...{ blocks: [exampleConflict, { ...exampleConflict, cosine: null }] },
    embedders: exampleConflict,
  },
  {
    ...{ kind: "layerAlignment", step: 3, encoder: "tiny-vit", imageCount: 8, k: 3, time: 0.5 },
    ...{ chance: -0, cknna: [0.1, NaN], cka: [0.2, 0.3], mutualKnn: [0.4, -Infinity] },
  },
  {
    ...{ kind: "sampleQuality", step: 3, space: "tiny-vit", sampleCount: 8, pairCount: 8 },
    ...{ referenceCount: 16, kid: NaN, kidLow: -Infinity, kidHigh: Infinity, kidFloor: -0 },
    ...{ frechetTop: 12.25, components: 4, frechetFloor: 0.5 },
  },
];

export const exampleGrids: readonly SampleGrid[] = [
  { step: 2, png: png(16, 8, 40), count: 2, columns: 2, tile: 8, labels: [0, 3] },
  {
    ...{ step: 3, png: png(16, 16, 90), count: 3, columns: 2, tile: 8, labels: [0, 3, 5] },
    denoised: { png: png(24, 8, 120), tile: 8, times: [0.25, 0.75] },
  },
];

/** Not one that a trainer goes on from: a safetensors file all the same. */
export const exampleCheckpoint = new Uint8Array(
  encodeSafetensors({ "model.a": { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) } }),
);

export const exampleFacts: RunFacts = {
  id: "run-1",
  name: "A run",
  experiment: presetById("tiny").experiment,
  timeline: [{ step: 2, change: { projCoeff: 0.25 } }],
  createdAtMs: 1000,
  updatedAtMs: 2000,
  phase: "stopped",
  step: 3,
  device: { backend: "wasm", adapter: "WebAssembly, 2 threads", slow: true, float16: false },
  datasetHash: "ab".repeat(32),
  codeVersion: "0.1.0",
};

interface Example {
  readonly facts?: Partial<RunFacts>;
  readonly points?: readonly StepPoint[];
  readonly measurements?: readonly Measurement[];
  readonly grids?: readonly SampleGrid[];
}

export function exampleRun({
  facts = {},
  points = examplePoints,
  measurements = exampleMeasurements,
  grids = exampleGrids,
}: Example = {}): RunResults {
  return {
    facts: { ...exampleFacts, ...facts },
    log: () => Promise.resolve({ points, measurements }),
    gridSteps: grids.map(({ step }) => step),
    grid: (step) => Promise.resolve(grids.find((grid) => grid.step === step)),
    checkpoints: [{ step: 3, createdAtMs: 1500 }],
    checkpoint: () => Promise.resolve(exampleCheckpoint),
  };
}

/** Runs as the bytes of a file. */
export async function resultsBytes(
  runs: readonly RunResults[] = [exampleRun()],
  { checkpoints = true } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const bytes = new Response(readable).arrayBuffer();
  await Promise.all([writeResults(runs, writable, { checkpoints, madeBy: "a test" }), bytes]);
  return new Uint8Array(await bytes);
}

/** Files of an archive by name, to be changed and packed again. */
export async function filesIn(bytes: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const entry of await entriesOf(byteSourceOf("example", bytes), 1000)) {
    files.set(entry.filename, await readEntry(entry.filename, entry, 2 ** 28));
  }
  return files;
}

export async function packed(
  files: Iterable<readonly [string, Uint8Array]>,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const [name, bytes] of files) await writer.add(name, new Uint8ArrayReader(bytes));
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}

/** A file of results whose manifest says something else. */
export async function withManifest(
  change: (manifest: ExampleManifest) => unknown,
  files?: Map<string, Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = files ?? (await filesIn(await resultsBytes()));
  const text = new TextDecoder().decode(all.get(MANIFEST));
  const changed = JSON.stringify(change(JSON.parse(text) as ExampleManifest));
  all.set(MANIFEST, new TextEncoder().encode(changed));
  return packed(all);
}

/** As it is written, to be changed in any way. */
export interface ExampleManifest {
  readonly [field: string]: unknown;
  readonly runs: readonly (Readonly<Record<string, unknown>> & {
    readonly points: readonly Readonly<Record<string, unknown>>[];
    readonly measurements: readonly Readonly<Record<string, unknown>>[];
    readonly grids: readonly Readonly<Record<string, unknown>>[];
    readonly checkpoints: readonly Readonly<Record<string, unknown>>[];
  })[];
}
