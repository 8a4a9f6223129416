import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { goldenFolder } from "../../../test/parity/folder";
import { vit } from "../../common/catalogue/encoderRow";
import type { SafetensorsTensor } from "../../common/formats/safetensors";
import type { TensorSource } from "../../common/formats/tensorSource";
import { float32ToHalf } from "../../common/math/half";
import { randomNormal } from "../../common/math/rng";
import { vitShapes } from "../models/vitInit";
import { loadVitParams } from "./vitWeights";

type Tensors = Record<string, SafetensorsTensor>;

const config = vit(
  { patch: 2, width: 4, depth: 2, heads: 2, grid: 3 },
  { registers: 2, layerScale: true },
);

const floats = (name: string, shape: readonly number[]): SafetensorsTensor => ({
  dtype: "F32",
  shape,
  data: randomNormal(
    { seed: 1, stream: `test/${name}` },
    shape.reduce((product, extent) => product * extent, 1),
  ),
});
/** A file of the architecture above under its native names. */
const native = (): Tensors =>
  Object.fromEntries([...vitShapes(config)].map(([name, shape]) => [name, floats(name, shape)]));

/** The file, and which of its tensors were read. */
function sourceOf(tensors: Tensors): TensorSource & { readonly wasRead: string[] } {
  const wasRead: string[] = [];
  return {
    name: "x.safetensors",
    tensors: new Map(Object.entries(tensors)),
    wasRead,
    read: (name) => {
      wasRead.push(name);
      const tensor = tensors[name];
      return tensor ? Promise.resolve(tensor) : Promise.reject(new Error(`no ${name}`));
    },
  };
}

const valuesOf = async (source: TensorSource, architecture = config) => {
  const params = await loadVitParams(source, architecture);
  const values = Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [name, [...tensor.dataSync()]]),
  );
  tf.dispose(params);
  return values;
};

test("one error names all that is missing, misshapen and unknown, and nothing is read or kept", async () => {
  const tensors = native();
  delete tensors.cls_token;
  delete tensors["blocks.1.mlp.fc2.bias"];
  tensors.pos_embed = floats("p", [1, 17, 4]);
  tensors["blocks.0.norm1.bias"] = { dtype: "I32", shape: [4], data: new Int32Array(4) };
  tensors["blocks.2.norm1.bias"] = floats("deeper", [4]);
  tensors.surprise = floats("s", [1]);
  const source = sourceOf(tensors);
  const before = tf.memory().numTensors;
  const error: unknown = await loadVitParams(source, config).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "PARAM_MISSING" });
  const { message } = error as Error;
  for (const part of [
    "x.safetensors: lacks cls_token; blocks.1.mlp.fc2.bias;",
    '"pos_embed" has shape [1, 17, 4], expected [1, 10, 4]',
    '"blocks.0.norm1.bias" is I32, not F32, F16 or BF16',
    'has no use for "surprise", "blocks.2.norm1.bias"',
  ]) {
    expect(message).toContain(part);
  }
  expect(source.wasRead).toEqual([]);
  expect(tf.memory().numTensors).toBe(before);
});

test("weights of another architecture are refused even where all of ours are there", async () => {
  const plain = { ...config, registers: 0 };
  await expect(loadVitParams(sourceOf(native()), plain)).rejects.toMatchObject({
    code: "SHAPE_MISMATCH",
    message: expect.stringContaining('"reg_token"') as string,
  });
  await expect(
    loadVitParams(sourceOf({ "a.weight": floats("a", [1]) }), config),
  ).rejects.toMatchObject({
    code: "PARAM_MISSING",
    message: expect.stringContaining("begins with a.weight") as string,
  });
});

test("a third of q, k and v that is missing is named", async () => {
  const [fixture] = goldenFolder("encoders").filter(({ manifest }) => manifest.name === "dino_v1");
  const hub = [...(fixture?.tensors ?? [])].flatMap(([name, tensor]) =>
    name.startsWith("hub.hf.") ? [[name.slice("hub.hf.".length), tensor] as const] : [],
  );
  const lacking = hub.filter(([name]) => !name.endsWith("layer.1.attention.attention.key.bias"));
  const dino = vit({ patch: 4, width: 24, depth: 2, heads: 3, grid: 7 });
  await expect(loadVitParams(sourceOf(Object.fromEntries(hub)), dino)).resolves.toBeDefined();
  await expect(loadVitParams(sourceOf(Object.fromEntries(lacking)), dino)).rejects.toMatchObject({
    code: "PARAM_MISSING",
    message: expect.stringContaining("lacks blocks.1.attn.qkv.bias, k.") as string,
  });
});

test("float16 and bfloat16 files give their numbers exactly", async () => {
  const want = await valuesOf(sourceOf(native()));
  const half = Object.entries(native()).map(
    ([name, { shape, data }]): [string, SafetensorsTensor] => [
      name,
      { dtype: "F16", shape, data: float32ToHalf(data as Float32Array) },
    ],
  );
  const brain = Object.entries(native()).map(
    ([name, { shape, data }]): [string, SafetensorsTensor] => [
      name,
      {
        dtype: "BF16",
        shape,
        data: Uint16Array.from(
          new Uint32Array((data as Float32Array).slice().buffer),
          (word) => word >>> 16,
        ),
      },
    ],
  );
  const [fromHalf, fromBrain] = [
    await valuesOf(sourceOf(Object.fromEntries(half))),
    await valuesOf(sourceOf(Object.fromEntries(brain))),
  ];
  for (const [name, values] of Object.entries(want)) {
    expect(fromHalf[name]).toBeAllClose(values, { atol: 1e-6, rtol: 2 ** -11 });
    expect(fromBrain[name]).toBeAllClose(values, { atol: 0, rtol: 2 ** -7 });
  }
});

test("heads, text towers and decoders are left alone, and never read", async () => {
  const wanted = await valuesOf(sourceOf(native()));
  const surplus = {
    mask_token: floats("m", [1, 4]),
    "head.weight": floats("h", [10, 4]),
    "head.bias": floats("h", [10]),
    decoder_pos_embed: floats("d", [1, 9, 2]),
  };
  const source = sourceOf({ ...surplus, ...native() });
  expect(await valuesOf(source)).toEqual(wanted);
  expect(source.wasRead.filter((name) => name in surplus)).toEqual([]);
});

test("OpenAI's whole CLIP is read from under its prefix, past a text tower of the same names", async () => {
  const [fixture] = goldenFolder("encoders").filter(
    ({ manifest }) => manifest.name === "clip_vision",
  );
  const visual = [...(fixture?.tensors ?? [])].flatMap(([name, tensor]) =>
    name.startsWith("params.") ? [[name.slice("params.".length), tensor] as const] : [],
  );
  const clip = vit(
    { patch: 7, width: 24, depth: 2, heads: 3, grid: 4 },
    { patchBias: false, preNorm: true, finalNorm: false },
  );
  const text = {
    positional_embedding: floats("text", [77, 8]),
    "transformer.resblocks.0.ln_1.weight": floats("text", [8]),
    "token_embedding.weight": floats("text", [100, 8]),
    "ln_final.bias": floats("text", [8]),
    text_projection: floats("text", [8, 8]),
    logit_scale: floats("text", []),
  };
  const whole = Object.fromEntries(visual.map(([name, tensor]) => [`visual.${name}`, tensor]));
  const alone = await valuesOf(sourceOf(Object.fromEntries(visual)), clip);
  expect(await valuesOf(sourceOf({ ...text, ...whole }), clip)).toEqual(alone);
  const stray = sourceOf({ ...text, ...whole, stray: floats("stray", [1]) });
  await expect(loadVitParams(stray, clip)).rejects.toMatchObject({
    message: expect.stringContaining('has no use for "stray"') as string,
  });
});

test("timm's table without the class token's row is read only beside its registers", async () => {
  const shorter = floats("pos_embed", [1, 9, 4]);
  const rowless: Tensors = { ...native(), pos_embed: shorter };
  const { pos_embed: table = [] } = await valuesOf(sourceOf(rowless));
  expect(table.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(table.slice(4)).toEqual([...(shorter.data as Float32Array)]);
  const { reg_token: registers, ...others } = rowless;
  const official = { ...others, ...(registers && { register_tokens: registers }) };
  await expect(loadVitParams(sourceOf(official), config)).rejects.toMatchObject({
    code: "SHAPE_MISMATCH",
    message: expect.stringContaining("[1, 9, 4], expected [1, 10, 4]") as string,
  });
});

test("a source that fails half-way leaves no tensor behind", async () => {
  const source = sourceOf(native());
  const failing: TensorSource = {
    ...source,
    read: (name) => (name === "norm.bias" ? Promise.reject(new Error("cut")) : source.read(name)),
  };
  const before = tf.memory().numTensors;
  await expect(loadVitParams(failing, config)).rejects.toThrow("cut");
  expect(tf.memory().numTensors).toBe(before);
});
