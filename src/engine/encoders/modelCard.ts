import { z } from "zod";
import type { VitArchitecture } from "../../common/catalogue/vitArchitecture";
import { StudioError } from "../../common/errors/studioError";

/** The tiny models this project trains and commits; each has NAME.safetensors and NAME.json in public/models. */
const TinyVitConfig = z.strictObject({
  patch: z.int().min(1).max(64),
  width: z.int().min(4).max(4096),
  depth: z.int().min(1).max(64),
  heads: z.int().min(1).max(64),
  mlp: z.strictObject({
    activation: z.enum(["gelu", "gelu-tanh", "quick-gelu", "swiglu"]),
    hidden: z.int().min(1).max(16384),
  }),
  grid: z.int().min(1).max(128),
  clsToken: z.boolean(),
  registers: z.int().min(0).max(64),
  layerScale: z.boolean(),
  patchBias: z.boolean(),
  preNorm: z.boolean(),
  normEps: z.number().positive(),
  finalNorm: z.boolean(),
}) satisfies z.ZodType<VitArchitecture>;

export const TinyKlConfig = z.strictObject({
  blockOutChannels: z.array(z.int().min(1).max(2048)).min(1).max(8),
  layersPerBlock: z.int().min(1).max(8),
  normNumGroups: z.int().min(1).max(64),
  latentChannels: z.int().min(1).max(64),
  scalingFactor: z.number().positive(),
});

const Training = z.strictObject({
  /** What the model is trained on, and on which part. */
  data: z.string(),
  split: z.string(),
  objective: z.string(),
  optimizer: z.string(),
  steps: z.int().min(0),
  /** Steps the schedule is made for: more than `steps` when the weights are preliminary. */
  plannedSteps: z.int().min(0),
  batch: z.string(),
  seed: z.int().min(0),
  command: z.string(),
  /** What the command alone does not say: how a training that was interrupted or changed really went. */
  note: z.string(),
  seconds: z.number().min(0),
  backend: z.string(),
  date: z.string(),
});

/** Rows of figures: the model beside its controls. Every figure's meaning is in `measures`. */
const Quality = z.strictObject({
  measuredOn: z.string(),
  measures: z.record(z.string(), z.string()),
  rows: z.array(z.strictObject({ name: z.string(), figures: z.record(z.string(), z.number()) })),
});

const shared = {
  label: z.string(),
  is: z.string(),
  isNot: z.string(),
  licence: z.string(),
  file: z.string().regex(/^[\w-]+\.safetensors$/),
  bytes: z.int().min(1).max(2_097_152),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  parameters: z.int().min(1),
  /** True while a better checkpoint of the same training is still to come. */
  preliminary: z.boolean(),
  training: Training,
  quality: Quality,
};

/** Who made a set of committed weights, from what, how, and how good they are: measured from the committed file. */
export const EncoderCard = z.strictObject({
  id: z.enum(["tiny-vit", "tiny-vit-2"]),
  config: TinyVitConfig,
  ...shared,
});
export const AutoencoderCard = z.strictObject({
  id: z.literal("tiny-kl"),
  config: TinyKlConfig,
  ...shared,
});
export type EncoderCard = z.infer<typeof EncoderCard>;
export type AutoencoderCard = z.infer<typeof AutoencoderCard>;
export type QualityTable = z.infer<typeof Quality>;

/**
 * A card from the bytes of its JSON file.
 * @throws StudioError DOWNLOAD_FAILED naming the file and the first field that is wrong
 */
export function parseCard<Card>(schema: z.ZodType<Card>, name: string, bytes: Uint8Array): Card {
  try {
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const what = issue ? `${issue.path.join(".")}: ${issue.message}` : "it is not JSON";
    throw new StudioError(
      "DOWNLOAD_FAILED",
      `${name} is not the card of a built-in model (${what}; ${bytes.length} bytes).`,
      "Reload the page; if it stays, the studio was built or copied without public/models.",
      { cause },
    );
  }
}
