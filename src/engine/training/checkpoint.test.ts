import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { TINY_SHAPE, tinyValues } from "../../../test/tinyRun";
import { Experiment } from "../../common/config/experiment";
import { StudioError } from "../../common/errors/studioError";
import {
  encodeSafetensors,
  parseSafetensors,
  type SafetensorsTensor,
} from "../../common/formats/safetensors";
import { initTransformer, transformerParameters } from "../models/transformerInit";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint";
import { createTrainState, disposeState, stateTensors } from "./trainState";

const INFO = {
  experiment: Experiment.parse({ optimizer: { seed: 5 } }),
  timeline: [{ step: 3, change: { projCoeff: 0 } }],
  projectors: ["tiny-vit" as const],
};

async function checkpointBytes(step = 12): Promise<ArrayBuffer> {
  const state = { ...createTrainState(tinyValues()), step };
  const bytes = await encodeCheckpoint(state, INFO);
  disposeState(state);
  return bytes;
}

/** The checkpoint with its tensors or metadata changed. */
async function tampered(
  change: (tensors: Map<string, SafetensorsTensor>, metadata: Record<string, string>) => void,
): Promise<ArrayBuffer> {
  const file = parseSafetensors(await checkpointBytes());
  const tensors = new Map(file.tensors);
  const metadata = { ...file.metadata };
  change(tensors, metadata);
  return encodeSafetensors(tensors, metadata);
}

const failureOf = (action: () => unknown): StudioError => {
  try {
    action();
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

test("every float32 bit, the step and the description survive", async () => {
  const start = createTrainState(tinyValues());
  const odd = tf.tensor1d([NaN, -0, 1e-45, 3.4e38, 1 / 3, -Infinity, 0, 1]);
  const state = { ...start, params: { ...start.params, "x_embedder.proj.bias": odd } };
  const bytes = await encodeCheckpoint({ ...state, step: 12 }, INFO);
  const decoded = decodeCheckpoint(bytes, transformerParameters(TINY_SHAPE));
  expect(decoded.state.step).toBe(12);
  expect({ ...decoded, state: undefined }).toEqual({ ...INFO, state: undefined });
  for (const map of ["params", "ema", "expAvg", "expAvgSq"] as const) {
    expect(Object.keys(decoded.state[map]).sort()).toEqual(Object.keys(state[map]).sort());
    for (const [name, tensor] of Object.entries(state[map])) {
      const got = decoded.state[map][name]?.dataSync() ?? [];
      expect(new Uint32Array(Float32Array.from(got).buffer)).toEqual(
        new Uint32Array(Float32Array.from(tensor.dataSync()).buffer),
      );
    }
  }
  tf.dispose([...stateTensors(start), odd]);
  disposeState(decoded.state);
});

test("the file has the reference's names under model and ema", async () => {
  const { tensors } = parseSafetensors(await checkpointBytes());
  expect(tensors.get("model.blocks.0.attn.qkv.weight")?.shape).toEqual([24, 8]);
  expect(tensors.get("ema.pos_embed")?.shape).toEqual([1, 4, 8]);
  expect(tensors.has("exp_avg.pos_embed")).toBe(false);
});

test("a truncated file is refused as safetensors", async () => {
  const bytes = await checkpointBytes();
  const error = failureOf(() => decodeCheckpoint(bytes.slice(0, bytes.byteLength - 10)));
  expect(error.code).toBe("BAD_SAFETENSORS");
});

test.each([
  ["model.blocks.0.attn.qkv.weight", "ema.blocks.0.attn.qkv.weight"],
  ["exp_avg.final_layer.linear.bias", "exp_avg.final_layer.linear.bias"],
])("without %s the missing or stranded tensor is named", async (removed, named) => {
  const bytes = await tampered((tensors) => tensors.delete(removed));
  const before = tf.memory().numTensors;
  const error = failureOf(() => decodeCheckpoint(bytes));
  expect(error.code).toBe("BAD_CHECKPOINT");
  expect(error.message).toContain(named);
  expect(tf.memory().numTensors).toBe(before);
});

test("a moment of another shape is named with both shapes", async () => {
  const name = "exp_avg_sq.final_layer.linear.bias";
  const bytes = await tampered((tensors) =>
    tensors.set(name, { dtype: "F32", shape: [2], data: new Float32Array(2) }),
  );
  const error = failureOf(() => decodeCheckpoint(bytes));
  expect(error.code).toBe("SHAPE_MISMATCH");
  expect(error.message).toContain(`"${name}" has shape [2], its parameter [8]`);
});

test("a checkpoint of another model is refused", async () => {
  const bytes = await checkpointBytes();
  const wider = transformerParameters({ ...TINY_SHAPE, width: 16 });
  expect(failureOf(() => decodeCheckpoint(bytes, wider)).code).toBe("SHAPE_MISMATCH");
  const deeper = transformerParameters({ ...TINY_SHAPE, depth: 3 });
  expect(failureOf(() => decodeCheckpoint(bytes, deeper)).message).toContain("blocks.2");
});

test.each([
  ["no description", (m: Record<string, string>) => delete m.repa_studio, "not a checkpoint"],
  ["no JSON", (m: Record<string, string>) => (m.repa_studio = "{"), "not JSON"],
  [
    "a newer format",
    (m: Record<string, string>) =>
      (m.repa_studio = (m.repa_studio ?? "").replace('"version":1', '"version":2')),
    "format 2",
  ],
  [
    "a negative step",
    (m: Record<string, string>) =>
      (m.repa_studio = (m.repa_studio ?? "").replace('"step":12', '"step":-1')),
    "step",
  ],
])("a file with %s is refused", async (_, change, said) => {
  const bytes = await tampered((__, metadata) => change(metadata));
  const error = failureOf(() => decodeCheckpoint(bytes));
  expect(error.code).toBe("BAD_CHECKPOINT");
  expect(error.message).toContain(said);
});

test("the null row that earlier versions kept of a model without a null label is left out", async () => {
  const experiment = Experiment.parse({ optimizer: { labelDrop: 0 } });
  const shape = { ...TINY_SHAPE, numClasses: 9 };
  const table = "y_embedder.embedding_table.weight";
  const saved = createTrainState(initTransformer(shape, 1));
  const bytes = await encodeCheckpoint(saved, { ...INFO, experiment });
  const { state } = decodeCheckpoint(
    bytes,
    transformerParameters({ ...shape, hasNullClass: false }),
  );
  for (const map of ["params", "ema", "expAvg", "expAvgSq"] as const) {
    expect(state[map][table]?.shape).toEqual([9, TINY_SHAPE.width]);
    const kept = [...(saved[map][table]?.dataSync() ?? [])].slice(0, 9 * TINY_SHAPE.width);
    expect([...(state[map][table]?.dataSync() ?? [])]).toEqual(kept);
  }
  disposeState(saved);
  disposeState(state);

  const dropping = createTrainState(initTransformer(shape, 1));
  const whole = decodeCheckpoint(
    await encodeCheckpoint(dropping, INFO),
    transformerParameters(shape),
  );
  expect(whole.state.params[table]?.shape).toEqual([10, TINY_SHAPE.width]);
  disposeState(dropping);
  disposeState(whole.state);
});
