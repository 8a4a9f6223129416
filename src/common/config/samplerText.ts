import type { Experiment } from "./experiment";
import { optionLabel } from "./settings";

/** How an experiment's samples are drawn, in words: "Euler (ODE), 20 steps". */
export function samplerText({ model, sampling }: Pick<Experiment, "model" | "sampling">): string {
  const sampler =
    model.family === "dit"
      ? optionLabel("sampling.ddpmSampler", sampling.ddpmSampler)
      : optionLabel("sampling.solver", sampling.solver);
  return `${sampler}, ${sampling.steps} steps`;
}
