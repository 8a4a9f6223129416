import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { loadGolden } from "../../../test/golden";
import { preprocessCases } from "../../../test/parity/preprocess";
import { ENCODER_ROWS } from "../../common/catalogue/encoders";
import { randomUniform } from "../../common/math/rng";
import { resampleBicubic } from "../../common/math/resample";
import { normalizeImages, resizeImages } from "./preprocess";

const values = randomUniform({ seed: 2, stream: "test/images" }, 2 * 8 * 8 * 3);
const images = () => tf.tensor4d(values, [2, 8, 8, 3]);

test.each([4, 6, 16])(
  "images are resized to %i px as torch's plain bicubic does, each alone",
  (side) => {
    tf.tidy(() => {
      const resized = resizeImages(images(), side).dataSync();
      const shape = { height: 8, width: 8, channels: 3 };
      const want = [0, 1].flatMap((row) => [
        ...resampleBicubic(values.subarray(row * 192, (row + 1) * 192), shape, [side, side], {
          kind: "plain",
        }),
      ]);
      expect(resized).toBeAllClose(want, { atol: 1e-5 });
    });
  },
);

test("[-1, 1] becomes (x - mean) / std of [0, 1] values by channel", () => {
  tf.tidy(() => {
    const [mean, std] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ] as const;
    const got = normalizeImages(images(), mean, std).dataSync();
    const want = values.map((v, i) => (v / 2 + 0.5 - (mean[i % 3] ?? 0)) / (std[i % 3] ?? 1));
    expect(got).toBeAllClose(want, { atol: 1e-5 });
    const half = [0.5, 0.5, 0.5];
    expect(normalizeImages(images(), half, half).dataSync()).toBeAllClose(values, { atol: 1e-6 });
  });
});

const golden = loadGolden("encoders/repa_preprocess");

test.each(preprocessCases(golden.manifest, golden.tensors).map((one) => [one.name, one] as const))(
  "%s is the reference's preprocess_raw_image",
  async (_, { run }) => {
    const { error, tolerance } = await run();
    expect(error).toBeLessThanOrEqual(tolerance);
  },
);

test("published rows normalise with the reference's numbers", () => {
  for (const { family, input, weights } of ENCODER_ROWS) {
    if (weights.kind !== "hub") continue;
    const name = family === "clip" ? "clip" : "imagenet";
    expect(golden.manifest.config).toMatchObject({
      [`${name}_mean`]: input.mean,
      [`${name}_std`]: input.std,
    });
  }
});
