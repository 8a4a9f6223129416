import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { z } from "zod";
import {
  decode,
  encodeLogvar,
  encodeMoments,
  rawMoments,
  withCurrentNames,
  type AutoencoderKlConfig,
} from "../../src/engine/models/autoencoderKl";
import type { ParamMap } from "../../src/engine/nn/params";
import { once } from "./arrays";
import {
  compareElements,
  find,
  Limit,
  picture,
  readAs,
  storedParameters,
  type Tensors,
} from "./pictures";
import type { ParityCase } from "./types";

const VaeManifest = z.looseObject({
  family: z.literal("autoencoder_kl"),
  config: z.object({
    block_out_channels: z.array(z.int().min(1)).min(1),
    layers_per_block: z.int().min(1),
    norm_num_groups: z.int().min(1),
    latent_channels: z.int().min(1),
    scaling_factor: z.number(),
  }),
  tolerance: z.object({ outputs: Limit, decoded_u8: Limit.optional() }),
  tensors: z.record(z.string(), z.looseObject({ role: z.string().optional() })),
});
type VaeManifest = z.infer<typeof VaeManifest>;

const parameters = (tensors: Tensors, prefix: string): ParamMap =>
  withCurrentNames(storedParameters(tensors, prefix));

const configOf = ({ config }: VaeManifest): AutoencoderKlConfig => ({
  blockOutChannels: config.block_out_channels,
  layersPerBlock: config.layers_per_block,
  normNumGroups: config.norm_num_groups,
  latentChannels: config.latent_channels,
  scalingFactor: config.scaling_factor,
});

/** Everything the manifest's outputs name, from one set of parameters. */
function outputsOf(
  manifest: VaeManifest,
  tensors: Tensors,
  prefix: string,
): Record<string, Tensor4D> {
  const config = configOf(manifest);
  const params = parameters(tensors, prefix);
  const image = picture(tensors, "image");
  const { mean, std } = encodeMoments(params, config, image);
  const latent: Tensor4D = tf.mul(
    tf.add(mean, tf.mul(std, picture(tensors, "eps"))),
    config.scalingFactor,
  );
  const unscaled = picture(tensors, "z");
  const decoded = decode(params, config, unscaled);
  const scaled: Tensor4D = tf.div(tf.mul(unscaled, config.scalingFactor), config.scalingFactor);
  const bytes: Tensor4D = tf.clipByValue(tf.mul(tf.add(decoded, 1), 255 / 2), 0, 255);
  return {
    moments_raw: rawMoments(params, config, image),
    mean,
    logvar: encodeLogvar(params, config, image).logvar,
    std,
    "repa.moments": tf.concat4d([mean, std], 3),
    "repa.latent": latent,
    decoded,
    "repa.decoded_u8": tf.floor(bytes),
    decoded_from_scaled: decode(params, config, scaled),
  };
}

/**
 * Parity cases of an AutoencoderKL manifest on tfjs' current backend; none when it is another family's.
 * Both namings of the attention's parameters are compared where the file has both.
 */
export function vaeCases(manifest: unknown, tensors: Tensors): ParityCase[] {
  const vae = VaeManifest.safeParse(manifest).data;
  if (!vae) return [];
  const expected = Object.entries(vae.tensors)
    .filter(([, { role }]) => role === "output")
    .map(([name]) => name);
  const prefixes = ["params.", "hub.old."].filter((prefix) =>
    [...tensors.keys(), ...Object.keys(vae.tensors)].some((name) => name.startsWith(prefix)),
  );
  return prefixes.flatMap((prefix) => {
    const outputs = once(() => Promise.resolve(tf.tidy(() => outputsOf(vae, tensors, prefix))));
    return expected.map((name): ParityCase => ({
      name: `${name} (${prefix}*)`,
      run: async () => {
        const got = (await outputs())[name];
        if (!got) throw new Error(`this project computes nothing called "${name}"`);
        const { data } = find(tensors, name);
        const isBytes = data instanceof Uint8Array;
        const { outputs: limit, decoded_u8: byteLimit } = vae.tolerance;
        const values = await readAs(got, isBytes);
        return compareElements(values, data, isBytes ? (byteLimit ?? limit) : limit);
      },
    }));
  });
}
