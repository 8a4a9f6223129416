import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomParams } from "../../../test/randomParams";
import { Experiment } from "../../common/config/experiment";
import { initTransformer } from "../../engine/models/transformerInit";
import { drawLatents } from "./drawLatents";
import { networkShapeOf } from "./modelState";

const CLASSES = 9;
const SMALL = { size: "custom", width: 8, depth: 1, heads: 2, patchSize: 8 } as const;

/** Latents drawn by a small DiT with some sampling settings, as numbers. */
async function drawn(sampling: object, { first = 0, labels = [0, 1, 2] } = {}) {
  const experiment = Experiment.parse({ model: { family: "dit", ...SMALL }, sampling });
  const shape = networkShapeOf(experiment, CLASSES);
  const params = randomParams(initTransformer(shape, 0));
  const before = tf.memory().numTensors;
  let steps = 0;
  const between = () => {
    steps++;
    return Promise.resolve();
  };
  const latents = await drawLatents({ experiment, shape, between }, params, "grid", first, labels);
  expect(tf.memory().numTensors).toBe(before + 1);
  const values = await latents.data<"float32">();
  expect(latents.shape).toEqual([labels.length, 16, 16, 4]);
  tf.dispose([latents, params]);
  return { values, steps };
}

const each = (values: Float32Array, sample: number) => [
  ...values.subarray(sample * 1024, (sample + 1) * 1024),
];

test.each(["ancestral", "ddim"] as const)(
  "%s: as many steps as were asked for, the same twice, and a sample is the same in another chunk",
  async (ddpmSampler) => {
    const settings = { ddpmSampler, steps: 5 };
    const { values, steps } = await drawn(settings);
    expect(steps).toBe(5);
    expect(values.every(Number.isFinite)).toBe(true);
    expect((await drawn(settings)).values).toEqual(values);
    const last = await drawn(settings, { first: 2, labels: [2] });
    expect(each(last.values, 0)).toBeAllClose(each(values, 2), { atol: 1e-5, rtol: 1e-5 });
  },
);

test("the settings of a DiT's sampler are in force: sampler, guidance and guided channels", async () => {
  const settings = { ddpmSampler: "ddim", steps: 3 };
  const guided = { ...settings, guidanceScale: 3 };
  const variants = [
    settings,
    { ...settings, ddpmSampler: "ancestral" },
    guided,
    { ...guided, guidedChannels: "first-three" },
    { ...guided, guidanceLow: 0.5 },
  ];
  const found: string[] = [];
  for (const one of variants) found.push((await drawn(one)).values.join());
  expect(new Set(found).size).toBe(found.length);
  // the solver of a SiT's velocity is another family's
  expect((await drawn({ ...settings, solver: "heun" })).values.join()).toBe(found[0]);
});
