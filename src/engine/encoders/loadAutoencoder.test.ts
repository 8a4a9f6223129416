import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { AUTOENCODER_IDS, autoencoderRow } from "../../common/catalogue/autoencoders";
import { encodeSafetensors, type SafetensorsTensor } from "../../common/formats/safetensors";
import { tensorSourceOf } from "../../common/formats/tensorSource";
import { float32ToHalf } from "../../common/math/half";
import { randomUniform } from "../../common/math/rng";
import { currentName } from "../models/autoencoderKl";
import { autoencoderKlShapes } from "../models/autoencoderKlInit";
import { taesdShapes } from "../models/taesd";
import { autoencoderFacts } from "./autoencoderFacts";
import { builtInOnly } from "./modelSources";
import { loadAutoencoder } from "./loadAutoencoder";
import { paramsFromSource } from "./paramsFromSource";

type Tensors = Map<string, SafetensorsTensor>;

const noFile = () => Promise.reject(new Error("no file of that name"));

/** Small random weights of these shapes. */
function weightsOf(shapes: ReadonlyMap<string, readonly number[]>): Tensors {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const data = randomUniform({ seed: 3, stream: name }, size).map((u) => 0.1 * (u - 0.5));
      return [name, { dtype: "F32", shape, data }];
    }),
  );
}

const sourceOf = (tensors: Tensors) =>
  tensorSourceOf("stored.safetensors", new Uint8Array(encodeSafetensors(tensors)));

const tiny = { blockOutChannels: [4, 8], layersPerBlock: 1, normNumGroups: 2, latentChannels: 2 };
const shapes = autoencoderKlShapes({ ...tiny, scalingFactor: 1 });

/** Loads and gives the numbers back by name. */
async function valuesOf(tensors: Tensors): Promise<Record<string, Float32Array>> {
  const params = await paramsFromSource(sourceOf(tensors), shapes, currentName);
  const values = Object.entries(params).map(
    ([name, tensor]) => [name, tensor.dataSync<"float32">()] as const,
  );
  tf.dispose(Object.values(params));
  return Object.fromEntries(values);
}

test.each(AUTOENCODER_IDS)("%s: facts follow from the row and the images' side", (id) => {
  const { factor, latentChannels, version } = autoencoderRow(id);
  const facts = { id, version, side: 256 / factor, channels: latentChannels };
  expect(autoencoderFacts(id, 256)).toEqual(facts);
});

test("a published autoencoder that is not stored is asked for by its file", async () => {
  const loading = loadAutoencoder("sd-vae-ft-mse", 64, builtInOnly(noFile));
  await expect(loading).rejects.toMatchObject({
    code: "WEIGHTS_MISSING",
    message: expect.stringContaining("stabilityai/sd-vae-ft-mse") as string,
  });
});

test("TAESD takes images in [-1, 1], has no variance, and leaves nothing behind", async () => {
  const before = tf.memory().numTensors;
  const weights = weightsOf(taesdShapes({ width: 64, latentChannels: 4 }));
  const taesd = await loadAutoencoder("taesd", 8, {
    readModelFile: noFile,
    openWeights: ([preferred]) => {
      expect(preferred?.repo).toBe("madebyollin/taesd");
      return Promise.resolve(sourceOf(weights));
    },
  });
  expect([taesd.side, taesd.channels, taesd.scalingFactor]).toEqual([1, 4, 1]);
  const bias = weights.get("encoder.layers.14.bias")?.data;
  tf.tidy(() => {
    const black = tf.fill<tf.Rank.R4>([1, 8, 8, 3], -1);
    const { mean, std } = taesd.encodeMoments(black);
    expect(std.dataSync()).toEqual(new Float32Array(4));
    // black is 0 inside: what comes out is close to the last bias, not to what -1 would give
    expect(mean.dataSync()).toBeAllClose(bias as Float32Array, { atol: 0.05, rtol: 0 });
    const out = taesd.decode(mean).dataSync();
    const inner = weights.get("decoder.layers.18.bias")?.data[0] as number;
    expect(out[0]).toBeCloseTo(2 * inner - 1, 1);
  });
  taesd.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("float16 and bfloat16 are read, to their precision", async () => {
  const weights = weightsOf(shapes);
  const want = await valuesOf(weights);
  const stored = new Map(
    [...weights].map(([name, { shape, data }], i): [string, SafetensorsTensor] => {
      const floats = data as Float32Array;
      if (i % 2 === 0) return [name, { dtype: "F16", shape, data: float32ToHalf(floats) }];
      const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
      return [name, { dtype: "BF16", shape, data: Uint16Array.from(bits, (word) => word >>> 16) }];
    }),
  );
  const got = await valuesOf(stored);
  for (const [name, values] of Object.entries(want)) {
    expect(got[name]).toBeAllClose(values, { atol: 1e-6, rtol: 2 ** -7 });
  }
});

test("old attention names, attention as 1x1 convolutions and surplus tensors are taken", async () => {
  const weights = weightsOf(shapes);
  const want = await valuesOf(weights);
  const stored: Tensors = new Map([
    ["loss.logvar", { dtype: "F32", shape: [1], data: new Float32Array(1) }],
  ]);
  for (const [name, tensor] of weights) {
    const old = name.replace(".to_q.", ".query.").replace(".to_out.0.", ".proj_attn.");
    const isMatrix = tensor.shape.length === 2;
    stored.set(old, isMatrix ? { ...tensor, shape: [...tensor.shape, 1, 1] } : tensor);
  }
  expect(await valuesOf(stored)).toEqual(want);
});

test("what is missing and what is misshapen is named in one error, and nothing is left", async () => {
  const before = tf.memory().numTensors;
  const weights = weightsOf(shapes);
  weights.delete("quant_conv.bias");
  weights.set("decoder.conv_in.bias", { dtype: "F32", shape: [3], data: new Float32Array(3) });
  await expect(valuesOf(weights)).rejects.toMatchObject({
    code: "PARAM_MISSING",
    message:
      'stored.safetensors does not hold this model: "quant_conv.bias" is missing, "decoder.conv_in.bias" is [3] instead of [8].',
  });
  const integers = weightsOf(shapes);
  integers.set("post_quant_conv.bias", { dtype: "I32", shape: [2], data: new Int32Array(2) });
  await expect(valuesOf(integers)).rejects.toMatchObject({ code: "BAD_SAFETENSORS" });
  expect(tf.memory().numTensors).toBe(before);
});

test("images whose side the autoencoder does not divide are refused", async () => {
  const taesd = await loadAutoencoder("taesd", 12, {
    readModelFile: noFile,
    openWeights: () =>
      Promise.resolve(sourceOf(weightsOf(taesdShapes({ width: 64, latentChannels: 4 })))),
  });
  const images = tf.zeros<tf.Rank.R4>([1, 12, 12, 3]);
  expect(() => taesd.encodeMoments(images)).toThrow(/12x12 px .* spans 8 px/);
  images.dispose();
  taesd.dispose();
});
