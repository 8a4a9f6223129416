import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { z } from "zod";
import { goldenTensorOf, loadGolden } from "../../../test/golden";
import type { ParamMap } from "../nn/params";
import { decode, encodeLogvar, encodeMoments, rawMoments, withCurrentNames } from "./autoencoderKl";
import { autoencoderKlShapes } from "./autoencoderKlInit";

const golden = loadGolden("vae/autoencoder_kl");
const { config: raw, tolerance } = z
  .object({
    config: z.object({
      block_out_channels: z.array(z.number()),
      layers_per_block: z.number(),
      norm_num_groups: z.number(),
      latent_channels: z.number(),
      scaling_factor: z.number(),
    }),
    tolerance: z.object({ outputs: z.object({ atol: z.number(), rtol: z.number() }) }),
  })
  .parse(golden.manifest);
const config = {
  blockOutChannels: raw.block_out_channels,
  layersPerBlock: raw.layers_per_block,
  normNumGroups: raw.norm_num_groups,
  latentChannels: raw.latent_channels,
  scalingFactor: raw.scaling_factor,
};

const f32 = (name: string) => goldenTensorOf(golden.tensors, name, "F32");
const tensorOf = (name: string): Tensor => tf.tensor(f32(name).data, [...f32(name).shape]);
/** A picture of the fixture, [N, C, H, W], as [B, H, W, C]. */
const picture = (name: string): Tensor4D => tf.transpose(tensorOf(name) as Tensor4D, [0, 2, 3, 1]);
const channelsFirst = (x: Tensor4D) => tf.transpose(x, [0, 3, 1, 2]).dataSync();
const parameters = (prefix: string): ParamMap =>
  Object.fromEntries(
    [...golden.tensors.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), tensorOf(name)]),
  );

test.each(["params.", "hub.old."])("encode and decode match AutoencoderKL (%s)", (prefix) => {
  tf.tidy(() => {
    const params = withCurrentNames(parameters(prefix));
    const image = picture("image");
    expect(channelsFirst(rawMoments(params, config, image))).toBeAllClose(
      f32("moments_raw").data,
      tolerance.outputs,
    );
    const { mean, logvar } = encodeLogvar(params, config, image);
    expect(channelsFirst(mean)).toBeAllClose(f32("mean").data, tolerance.outputs);
    expect(channelsFirst(logvar)).toBeAllClose(f32("logvar").data, tolerance.outputs);
    expect(channelsFirst(encodeMoments(params, config, image).std)).toBeAllClose(
      f32("std").data,
      tolerance.outputs,
    );
    expect(channelsFirst(decode(params, config, picture("z")))).toBeAllClose(
      f32("decoded").data,
      tolerance.outputs,
    );
  });
});

test("the table of shapes is the reference's state dict, name by name", () => {
  const want = [...golden.tensors]
    .filter(([name]) => name.startsWith("params."))
    .map(([name, { shape }]) => [name.slice("params.".length), [...shape]]);
  expect(Object.fromEntries(autoencoderKlShapes(config))).toEqual(Object.fromEntries(want));
});
