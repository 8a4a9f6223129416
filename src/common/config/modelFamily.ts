/** The diffusion transformers there are: SiT predicts a velocity, DiT the noise of a step and its variance. */
export const MODEL_FAMILIES = ["sit", "dit"] as const;
export type ModelFamily = (typeof MODEL_FAMILIES)[number];

/** How a family is written before a size: "DiT-XL/2". */
export const FAMILY_LABELS: Readonly<Record<ModelFamily, string>> = { sit: "SiT", dit: "DiT" };
