import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { vit } from "../../common/catalogue/encoderRow";
import { randomNormal } from "../../common/math/rng";
import type { ParamMap } from "../nn/params";
import { resamplePositions, vitTokens } from "./vit";
import { initVit, vitShapes } from "./vitInit";

const config = vit({ patch: 4, width: 8, depth: 1, heads: 2, grid: 4 }, { clsToken: false });
const side = config.grid * config.patch;
const images = (batch: number) =>
  tf.tensor4d(randomNormal({ seed: 1, stream: "test/images" }, batch * side * side * 3), [
    batch,
    side,
    side,
    3,
  ]);

test("an image's tokens do not depend on the others of its batch", () => {
  tf.tidy(() => {
    const params = initVit(config, 0);
    const both = vitTokens(params, config, images(2));
    const alone = vitTokens(params, config, tf.slice(images(2), [1, 0, 0, 0], [1, -1, -1, -1]));
    const second = tf.slice(both, [1, 0, 0], [1, -1, -1]);
    expect(alone.dataSync()).toBeAllClose(second.dataSync(), { atol: 1e-6 });
  });
});

test("without positions, tokens move with their patches; with them, they do not", () => {
  tf.tidy(() => {
    const params = initVit(config, 0);
    const turned = (x: tf.Tensor) => tf.reverse(x, [1]);
    // whole patches change places: the image is reversed by rows of patches, not of pixels
    const patchRows = tf.reshape(images(1), [1, config.grid, config.patch * side * 3]);
    const swapped: tf.Tensor4D = tf.reshape(turned(patchRows), [1, side, side, 3]);
    const rowsOf = (map: ParamMap, x: tf.Tensor4D) =>
      tf.reshape(vitTokens(map, config, x), [1, config.grid, config.grid * config.width]);
    const flat: ParamMap = { ...params, pos_embed: tf.zeros([1, 16, 8]) };
    const placed: ParamMap = {
      ...params,
      pos_embed: tf.randomNormal([1, 16, 8], 0, 1, "float32", 4),
    };
    const want = (map: ParamMap) => turned(rowsOf(map, images(1))).dataSync();
    expect(rowsOf(flat, swapped).dataSync()).toBeAllClose(want(flat), { atol: 1e-5 });
    const difference = tf.max(
      tf.abs(tf.sub(rowsOf(placed, swapped), turned(rowsOf(placed, images(1))))),
    );
    expect(difference.dataSync()[0]).toBeGreaterThan(0.1);
  });
});

test("the class token sees and is seen, and leaves with the output's patches alone", () => {
  tf.tidy(() => {
    const withClass = { ...config, clsToken: true };
    const params = initVit(withClass, 0);
    const tokens = vitTokens(params, withClass, images(1));
    expect(tokens.shape).toEqual([1, 16, 8]);
    const louder = { ...params, cls_token: tf.fill([1, 1, 8], 3) };
    const changed = tf.max(tf.abs(tf.sub(vitTokens(louder, withClass, images(1)), tokens)));
    expect(changed.dataSync()[0]).toBeGreaterThan(1e-3);
  });
});

test("the shapes are timm's, and a position table of another grid is refused", () => {
  const shapes = vitShapes({ ...config, clsToken: true });
  expect(shapes.get("blocks.0.attn.qkv.weight")).toEqual([24, 8]);
  expect(shapes.get("pos_embed")).toEqual([1, 17, 8]);
  expect(shapes.get("patch_embed.proj.weight")).toEqual([8, 3, 4, 4]);
  tf.tidy(() => {
    const params = { ...initVit(config, 0), pos_embed: tf.zeros([1, 9, 8]) };
    expect(() => vitTokens(params, config, images(1))).toThrow(/pos_embed.*expected \[1, 16, 8\]/);
  });
});

test("resampling positions keeps the class token's row and a constant table constant", () => {
  const withClass = { ...config, clsToken: true };
  const table = new Float32Array(17 * 8).fill(0.5);
  table.fill(9, 0, 8);
  const resampled = resamplePositions(table, withClass, [6, 6]);
  expect(resampled.length).toBe(37 * 8);
  expect(resampled.subarray(0, 8)).toEqual(table.subarray(0, 8));
  expect(resampled.subarray(8)).toBeAllClose(new Float32Array(36 * 8).fill(0.5), { atol: 1e-6 });
});
