import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { z } from "zod";
import { diffusersName, taesdDecode, taesdEncode } from "../../src/engine/models/taesd";
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

const TaesdManifest = z.looseObject({
  family: z.literal("taesd"),
  config: z.object({
    width: z.int().min(1),
    latent_channels: z.int().min(1),
    latent_magnitude: z.number(),
    latent_shift: z.number(),
  }),
  tolerance: z.object({ outputs: Limit }),
  tensors: z.record(z.string(), z.looseObject({ role: z.string().optional() })),
});
type TaesdManifest = z.infer<typeof TaesdManifest>;

/** Under diffusers' names, whichever the file has. */
const parameters = (tensors: Tensors, prefix: string): ParamMap =>
  Object.fromEntries(
    Object.entries(storedParameters(tensors, prefix)).map(([name, tensor]) => [
      diffusersName(name),
      tensor,
    ]),
  );

/** Everything the manifest's outputs name, from one set of parameters. */
function outputsOf(
  { config }: TaesdManifest,
  tensors: Tensors,
  prefix: string,
): Record<string, Tensor4D> {
  const params = parameters(tensors, prefix);
  const shape = { width: config.width, latentChannels: config.latent_channels };
  const latent = taesdEncode(params, shape, picture(tensors, "image"));
  const span = 2 * config.latent_magnitude;
  const stored: Tensor4D = tf.clipByValue(tf.add(tf.div(latent, span), config.latent_shift), 0, 1);
  const decoded = taesdDecode(params, shape, picture(tensors, "z"));
  return {
    latent,
    latent_01: stored,
    latent_01_back: tf.mul(tf.sub(stored, config.latent_shift), span),
    decoded_raw: decoded,
    decoded: tf.clipByValue(decoded, 0, 1),
  };
}

/** Parity cases of a TAESD manifest on tfjs' current backend, under both namings; none when it is another family's. */
export function taesdCases(manifest: unknown, tensors: Tensors): ParityCase[] {
  const taesd = TaesdManifest.safeParse(manifest).data;
  if (!taesd) return [];
  const expected = Object.entries(taesd.tensors)
    .filter(([, { role }]) => role === "output")
    .map(([name]) => name);
  const prefixes = ["params.", "hub.diffusers."].filter((prefix) =>
    [...tensors.keys(), ...Object.keys(taesd.tensors)].some((name) => name.startsWith(prefix)),
  );
  return prefixes.flatMap((prefix) => {
    const outputs = once(() => Promise.resolve(tf.tidy(() => outputsOf(taesd, tensors, prefix))));
    return expected.map((name): ParityCase => ({
      name: `${name} (${prefix}*)`,
      covers: [name],
      run: async () => {
        const got = (await outputs())[name];
        if (!got) throw new Error(`this project computes nothing called "${name}"`);
        const values = await readAs(got, false);
        return compareElements(values, find(tensors, name).data, taesd.tolerance.outputs);
      },
    }));
  });
}
