import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import { float32ToHalf } from "../../src/common/math/half";
import { loadVitParams } from "../../src/engine/encoders/vitWeights";
import { vitTrunk } from "../../src/engine/models/vit";
import {
  architectureOf,
  EncoderManifest,
  numbersOf,
  sourceOf,
  type Tensors,
} from "./encoderFixture";
import { encoderCases } from "./encoders";
import { goldenFolder, type GoldenFile } from "./folder";

const REGISTERS = 3;

/** No fixture has registers together with SwiGLU: one is made of the SwiGLU fixture. */
function swigluFixture(): GoldenFile {
  const found = goldenFolder("encoders").find(({ manifest }) => manifest.name === "dinov2_swiglu");
  if (!found) throw new Error("dinov2_swiglu is missing");
  return found;
}
const swiglu = swigluFixture();

const f32 = (shape: readonly number[], data: Float32Array): SafetensorsTensor => ({
  dtype: "F32",
  shape,
  data,
});

/** What the reference's own tokens become with registers between class token and patches. */
async function expectedTokens(tensors: Tensors, registers: Float32Array, width: number) {
  const config = architectureOf(EncoderManifest.parse(swiglu.manifest), tensors);
  const params = await loadVitParams(sourceOf(tensors, "params."), config);
  return tf.tidy(() => {
    const before = tensors.get("repa.tokens_in");
    const shape = before?.shape as [number, number, number];
    const input = tf.tensor3d(Float32Array.from(numbersOf(tensors, "repa.tokens_in")), shape);
    const extra = tf.tile(tf.tensor3d(registers, [1, REGISTERS, width]), [shape[0], 1, 1]);
    const cls = tf.slice(input, [0, 0, 0], [-1, 1, -1]);
    const joined = tf.concat([cls, extra, tf.slice(input, [0, 1, 0], [-1, -1, -1])], 1);
    const out = vitTrunk(params, config, joined);
    return tf.slice(out, [0, 1 + REGISTERS, 0], [-1, -1, -1]).dataSync<"float32">();
  });
}

/** The made fixture: official names, timm's (rowless table, position in the class token) and transformers'. */
async function registersWithSwiglu() {
  const { tensors, manifest } = swiglu;
  const width = 32;
  const registers = Float32Array.from({ length: REGISTERS * width }, (_, i) => Math.sin(i));
  const made = new Map(
    [...tensors].filter(([name]) => /^(params|hub)\.|^repa\.(image|x_norm_patch)/.test(name)),
  );
  const [cls, table] = ["cls_token", "pos_embed"].map((name) =>
    numbersOf(tensors, `params.${name}`),
  );
  const folded = Float32Array.from(
    { length: width },
    (_, i) => (cls?.[i] ?? 0) + (table?.[i] ?? 0),
  );
  made.set("hub.timm.cls_token", f32([1, 1, width], folded));
  const rows = Float32Array.from(table ?? []).subarray(width);
  made.set("hub.timm.pos_embed", f32([1, rows.length / width, width], rows));
  for (const name of [
    "params.register_tokens",
    "hub.timm.reg_token",
    "hub.hf.embeddings.register_tokens",
  ]) {
    made.set(name, f32([1, REGISTERS, width], registers));
  }
  const want = await expectedTokens(tensors, registers, width);
  const output = made.get("repa.x_norm_patchtokens");
  made.set("repa.x_norm_patchtokens", f32(output?.shape ?? [], want));
  const { config } = EncoderManifest.parse(manifest);
  return {
    tensors: made,
    manifest: {
      ...manifest,
      name: "made",
      config: { ...config, registers: REGISTERS },
      tensors: { "repa.x_norm_patchtokens": { role: "output" } },
    },
  };
}

test("registers together with SwiGLU, which no fixture has, pass under three namings", async () => {
  const { manifest, tensors } = await registersWithSwiglu();
  const cases = encoderCases(manifest, tensors);
  expect(cases.map(({ name }) => name)).toEqual([
    "repa.x_norm_patchtokens (params.*)",
    "repa.x_norm_patchtokens (hub.timm.*)",
    "repa.x_norm_patchtokens (hub.hf.*)",
  ]);
  for (const { run } of cases) {
    const { error, tolerance } = await run();
    expect(error).toBeLessThanOrEqual(tolerance);
  }
});

test("what a config leaves out is read off the tensors, and float16 weights are near", async () => {
  const { manifest, tensors } = await registersWithSwiglu();
  const { registers, layerscale, ...config } = manifest.config;
  expect([registers, layerscale]).toEqual([REGISTERS, true]);
  const half = new Map(
    [...tensors].map(([name, tensor]): [string, SafetensorsTensor] =>
      name.startsWith("params.") && tensor.dtype === "F32"
        ? [name, { dtype: "F16", shape: tensor.shape, data: float32ToHalf(tensor.data) }]
        : [name, tensor],
    ),
  );
  const [first] = encoderCases({ ...manifest, config }, half);
  const { error = Infinity } = (await first?.run()) ?? {};
  expect(error).toBeGreaterThan(1e-5);
  expect(error).toBeLessThan(2e-2);
});

test("a wrong number fails, and a manifest that cannot be read is said, not skipped", async () => {
  const { manifest, tensors } = await registersWithSwiglu();
  const shape = [1, REGISTERS, 32];
  const other = new Map(tensors).set(
    "params.register_tokens",
    f32(shape, new Float32Array(REGISTERS * 32)),
  );
  const [first] = encoderCases(manifest, other);
  const { error = 0, tolerance = 0 } = (await first?.run()) ?? {};
  expect(error).toBeGreaterThan(10 * tolerance);
  expect(() => encoderCases({ ...manifest, config: {} }, tensors)).toThrow(/patch_size/);
  expect(encoderCases({ ...manifest, family: "vae" }, tensors)).toEqual([]);
});
