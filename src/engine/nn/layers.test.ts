import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { geluTanh, silu } from "./activations";
import { attention } from "./attention";
import { embedLabel, timeFeatures } from "./embedders";
import { layerNormAffine, layerNormModulate } from "./layerNorm";
import { linear } from "./linear";
import { parameterCount, scoped, type ParamMap } from "./params";
import { patchEmbed, patchify, unpatchify } from "./patchEmbed";

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const normals = (stream: string, shape: number[], scale = 1) =>
  tf.tensor(
    randomNormal({ seed: 1, stream }, sizeOf(shape)).map((x) => scale * x),
    shape,
  );

/** The gradient of sum(weights f(x)) beside central differences, both as plain numbers. */
function gradients(f: (x: Tensor) => Tensor, x: Tensor, h = 1e-2) {
  const weights = normals("weights", f(x).shape);
  const loss = (input: Tensor): tf.Scalar => tf.sum(tf.mul(f(input), weights));
  const values = [...x.dataSync()];
  const at = (index: number, shift: number) => {
    const moved = values.map((value, i) => (i === index ? value + shift : value));
    return loss(tf.tensor(moved, x.shape)).dataSync()[0] ?? NaN;
  };
  const numeric = values.map((_, i) => (at(i, h) - at(i, -h)) / (2 * h));
  return { analytic: tf.grad(loss)(x).dataSync(), numeric };
}

test.each([
  ["geluTanh", geluTanh],
  ["silu", silu],
  [
    "layerNormModulate",
    (x: Tensor) =>
      layerNormModulate(
        tf.reshape(x, [1, 3, 5]),
        normals("shift", [1, 5]) as Tensor2D,
        normals("scale", [1, 5]) as Tensor2D,
      ),
  ],
])("the gradient of %s is its slope", (_, f) => {
  tf.tidy(() => {
    const { analytic, numeric } = gradients(f, normals("x", [3, 5]));
    expect(analytic).toBeAllClose(numeric, { atol: 5e-3 });
  });
});

test("linear: gradients of input, weight and bias", () => {
  tf.tidy(() => {
    const params = { "l.weight": normals("w", [4, 3]), "l.bias": normals("b", [4]) };
    const x = normals("x", [2, 2, 3]);
    const check = (f: (t: Tensor) => Tensor, at: Tensor) => {
      const { analytic, numeric } = gradients(f, at, 0.1);
      expect(analytic).toBeAllClose(numeric, { atol: 1e-3 });
    };
    check((t) => linear(params, "l", t), x);
    check((t) => linear({ ...params, "l.weight": t }, "l", x), params["l.weight"]);
    check((t) => linear({ ...params, "l.bias": t }, "l", x), params["l.bias"]);
  });
});

test("linear names what is missing or does not fit", () => {
  tf.tidy(() => {
    const params = { "l.weight": tf.zeros([4, 3]), "l.bias": tf.zeros([4]) };
    expect(() => linear(params, "m", tf.zeros([1, 3]))).toThrow('"m.weight" is missing');
    expect(() => linear(params, "l", tf.zeros([2, 5]))).toThrow("[2, 5] does not end in 3");
    const flat = { ...params, "l.weight": tf.zeros([12]) };
    expect(() => linear(flat, "l", tf.zeros([1, 3]))).toThrow("shape [12], expected rank 2");
  });
});

/** Attention as timm writes it, one head and one query at a time, in float64. */
function naiveAttention(params: ParamMap, x: Tensor3D, numHeads: number, qkNorm: boolean) {
  const [batch, tokens, width] = x.shape;
  const size = width / numHeads;
  const qkv = linear(params, "a.qkv", x).arraySync();
  const norm = (name: string, v: number[]) => {
    if (!qkNorm) return v;
    const mean = v.reduce((sum, e) => sum + e, 0) / size;
    const variance = v.reduce((sum, e) => sum + (e - mean) ** 2, 0) / size;
    const [gain = [], offset = []] = [`a.${name}.weight`, `a.${name}.bias`].map((key) => [
      ...(params[key]?.dataSync() ?? []),
    ]);
    return v.map(
      (e, i) => ((e - mean) / Math.sqrt(variance + 1e-5)) * (gain[i] ?? 0) + (offset[i] ?? 0),
    );
  };
  const mixed = Array.from({ length: batch }, () =>
    Array.from({ length: tokens }, () => new Array<number>(width).fill(0)),
  );
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < numHeads; head++) {
      const part = (token: number, which: number) => {
        const start = which * width + head * size;
        return (qkv[b]?.[token] ?? []).slice(start, start + size);
      };
      for (let query = 0; query < tokens; query++) {
        const q = norm("q_norm", part(query, 0));
        const scores = Array.from({ length: tokens }, (_, key) => {
          const k = norm("k_norm", part(key, 1));
          return Math.exp(q.reduce((sum, e, i) => sum + e * (k[i] ?? 0), 0) / Math.sqrt(size));
        });
        const total = scores.reduce((sum, s) => sum + s, 0);
        scores.forEach((score, key) =>
          part(key, 2).forEach((v, i) => {
            const row = mixed[b]?.[query] ?? [];
            row[head * size + i] = (row[head * size + i] ?? 0) + (score / total) * v;
          }),
        );
      }
    }
  }
  return linear(params, "a.proj", tf.tensor3d(mixed)).dataSync();
}

test.each([false, true])("attention equals timm's written out (qk-norm %s)", (qkNorm) => {
  tf.tidy(() => {
    const params: Record<string, Tensor> = {
      "a.qkv.weight": normals("qkv", [24, 8], 0.5),
      "a.qkv.bias": normals("bias", [24]),
      "a.proj.weight": normals("proj", [8, 8], 0.5),
      "a.proj.bias": normals("offset", [8]),
      "a.q_norm.weight": normals("qw", [4]),
      "a.q_norm.bias": normals("qb", [4]),
      "a.k_norm.weight": normals("kw", [4]),
      "a.k_norm.bias": normals("kb", [4]),
    };
    const x = normals("x", [2, 3, 8]) as Tensor3D;
    const got = attention(params, "a", x, { numHeads: 2, qkNorm });
    expect(got.shape).toEqual([2, 3, 8]);
    expect(got.dataSync()).toBeAllClose(naiveAttention(params, x, 2, qkNorm), { atol: 1e-5 });
    const loss = (input: Tensor) =>
      attention(params, "a", input as Tensor3D, { numHeads: 2, qkNorm });
    const { analytic, numeric } = gradients(loss, x, 1e-2);
    expect(analytic).toBeAllClose(numeric, { atol: 2e-2 });
  });
});

test("a patch embedding is the strided convolution of the same weight", () => {
  tf.tidy(() => {
    const params = {
      "x.proj.weight": normals("w", [5, 3, 2, 2]),
      "x.proj.bias": normals("b", [5]),
    };
    const x = normals("x", [2, 4, 6, 3]) as tf.Tensor4D;
    const kernel = tf.transpose(params["x.proj.weight"], [2, 3, 1, 0]) as tf.Tensor4D;
    const want = tf.add(tf.conv2d(x, kernel, 2, "valid"), params["x.proj.bias"]);
    const got = patchEmbed(params, "x", x);
    expect(got.shape).toEqual([2, 6, 5]);
    expect(got.dataSync()).toBeAllClose(want.dataSync(), { atol: 1e-5 });
    expect(() => patchify(x, 4)).toThrow("4x6 does not divide into patches of 4");
  });
});

test("unpatchify puts row, column and channel of a token where SiT's head means them", () => {
  tf.tidy(() => {
    // every value tells its own place: y, x, channel of the picture
    const [side, patch, channels] = [4, 2, 3];
    const tokens: number[] = [];
    for (let token = 0; token < 4; token++) {
      for (let row = 0; row < patch; row++) {
        for (let column = 0; column < patch; column++) {
          for (let channel = 0; channel < channels; channel++) {
            const y = Math.floor(token / 2) * patch + row;
            tokens.push(100 * y + 10 * ((token % 2) * patch + column) + channel);
          }
        }
      }
    }
    const picture = unpatchify(tf.tensor3d(tokens, [1, 4, 12]), patch, channels);
    const want = Array.from({ length: side }, (_, y) =>
      Array.from({ length: side }, (__, x) =>
        Array.from({ length: channels }, (___, channel) => 100 * y + 10 * x + channel),
      ),
    );
    expect(picture.arraySync()).toEqual([want]);
  });
});

test("a label's embedding is its row, and only its row gets a gradient", () => {
  tf.tidy(() => {
    const table = normals("table", [4, 2]) as Tensor2D;
    const embed = (rows: Tensor) =>
      embedLabel({ "y_embedder.embedding_table.weight": rows }, tf.tensor1d([3, 1, 3], "int32"));
    const rows = table.arraySync();
    expect(embed(table).arraySync()).toEqual([rows[3], rows[1], rows[3]]);
    const gradient = tf.grad((t: Tensor): tf.Scalar => tf.sum(embed(t)))(table);
    expect([...gradient.dataSync()]).toEqual([0, 0, 1, 1, 0, 0, 2, 2]);
  });
});

test("time features are cosines, then sines; the first frequency is 1", () => {
  tf.tidy(() => {
    const [cosine, , sine] = timeFeatures(Float32Array.of(0.5), 4).dataSync();
    expect([cosine, sine]).toEqual([Math.fround(Math.cos(0.5)), Math.fround(Math.sin(0.5))]);
  });
});

test("affine LayerNorm scales and shifts; parameter maps are counted and cut by prefix", () => {
  tf.tidy(() => {
    const params = { "n.weight": tf.tensor1d([2, 2]), "n.bias": tf.tensor1d([1, 1]) };
    const y = layerNormAffine(params, "n", tf.tensor2d([[-1, 1]]));
    expect(y.dataSync()).toBeAllClose([-1, 3], { atol: 1e-5 });
    expect(parameterCount(params)).toBe(4);
    expect(Object.keys(scoped({ ...params, other: y }, "n."))).toEqual(["weight", "bias"]);
  });
});
