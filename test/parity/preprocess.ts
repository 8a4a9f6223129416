import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { InputLaw } from "../../src/common/catalogue/encoderRow";
import { encoderRow, type EncoderId } from "../../src/common/catalogue/encoders";
import { encoderInput } from "../../src/engine/encoders/preprocess";
import { toNchw } from "./arrays";
import { Comparison } from "./comparison";
import { find, imagesOf, numbersOf, type Tensors } from "./encoderFixture";
import type { ParityCase } from "./types";

const Rgb = z.tuple([z.number(), z.number(), z.number()]);
const PreprocessManifest = z.looseObject({
  family: z.literal("preprocess"),
  config: z.object({ imagenet_mean: Rgb, imagenet_std: Rgb, clip_mean: Rgb, clip_std: Rgb }),
  tolerance: z.object({ outputs: z.object({ atol: z.number(), rtol: z.number() }) }),
});
type PreprocessManifest = z.infer<typeof PreprocessManifest>;

/** An encoder of each group of the fixture's outputs. */
const EXAMPLES: Readonly<Record<string, EncoderId>> = {
  dinov2: "dinov2-b",
  clip: "clip-l",
  mae_mocov3_dinov1: "mocov3-b",
};

/** The row's law with the manifest's numbers, for an output of `side` px. */
function lawOf({ config }: PreprocessManifest, id: EncoderId, side: number): InputLaw {
  const { family, input } = encoderRow(id);
  return family === "clip"
    ? { order: input.order, patch: side, mean: config.clip_mean, std: config.clip_std }
    : { order: input.order, patch: side, mean: config.imagenet_mean, std: config.imagenet_std };
}

/** Parity cases of the encoders' input laws on tfjs' current backend; none for another family's manifest. */
export function preprocessCases(manifest: unknown, tensors: Tensors): ParityCase[] {
  const parsed = PreprocessManifest.safeParse(manifest).data;
  if (!parsed) return [];
  const { atol, rtol } = parsed.tolerance.outputs;
  return [...tensors.keys()].flatMap((name): ParityCase[] => {
    const [, picture = "", group = ""] = /^(.+)\.(\w+)$/.exec(name) ?? [];
    const id = EXAMPLES[group];
    if (id === undefined) return [];
    const run = async () => {
      const { shape } = find(tensors, name);
      const input = tf.tidy(() => {
        const images = tf.sub(tf.div(imagesOf(tensors, `${picture}.image_u8`), 127.5), 1);
        return encoderInput(lawOf(parsed, id, shape[2] ?? 0), images as tf.Tensor4D, 1);
      });
      const comparison = new Comparison({ abs: atol, rel: rtol });
      const got = toNchw(await input.data<"float32">(), shape);
      comparison.values("", got, numbersOf(tensors, name));
      return comparison.result();
    };
    return [{ name, covers: [name], run }];
  });
}
