import { z } from "zod";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import {
  configShape,
  ShapeConfig,
  StoredFields,
  tensorReader,
  type Fixture,
  type ParityPrecision,
} from "./sitFixture";

const Count = z.int().min(1);

/** The parts of a DiT manifest that are read. Those of a run with REPA have targets and an optimiser, the others samplers. */
const DitManifest = StoredFields.extend({
  config: ShapeConfig.extend({
    learn_sigma: z.literal(true),
    diffusion_steps: Count,
    noise_schedule: z.literal("linear"),
    mean_type: z.literal("EPSILON"),
    var_type: z.literal("LEARNED_RANGE"),
    loss_type: z.literal("MSE"),
    timestep_respacing: z.string().optional(),
    sample_cfg_scale: z.number().default(1),
    encoder_depth: Count.optional(),
  }),
  hyper: z
    .looseObject({
      proj_coeff: z.number(),
      optimiser: z.looseObject({
        lr: z.number(),
        betas: z.tuple([z.number(), z.number()]),
        eps: z.number(),
        weight_decay: z.number(),
      }),
    })
    .optional(),
  sampler_cases: z
    .record(z.string(), z.object({ cfg: z.boolean(), clip_denoised: z.boolean() }))
    .default({}),
  schedule_spot_values: z.record(z.string(), z.record(z.string(), z.number())).default({}),
  space_timesteps: z.record(z.string(), z.array(z.number())).default({}),
});
export type DitManifest = z.infer<typeof DitManifest>;

export interface DitFixture extends Fixture {
  readonly manifest: DitManifest;
}

/** What only a DiT manifest has: a model that learns its variance. */
const LooksLikeDit = z.looseObject({ config: z.looseObject({ learn_sigma: z.literal(true) }) });

/**
 * The fixture of a DiT manifest, or undefined when it is another family's.
 * @throws Error naming the field, when it is a DiT manifest with a missing or unknown setting
 */
export function ditFixture(
  manifest: unknown,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  precision: ParityPrecision,
): DitFixture | undefined {
  if (!LooksLikeDit.safeParse(manifest).success) return undefined;
  const parsed = DitManifest.safeParse(manifest);
  if (!parsed.success) {
    const problem = z.prettifyError(parsed.error).replaceAll(/\s+/g, " ");
    throw new Error(`the manifest is not readable: ${problem}`);
  }
  return {
    manifest: parsed.data,
    precision,
    shape: { ...configShape(parsed.data.config), family: "dit" },
    ...tensorReader(tensors),
  };
}
