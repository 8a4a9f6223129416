import { sayStep } from "../math/ddpmTime";
import type { PathKind } from "../math/interpolant";
import type { Experiment } from "./experiment";
import type { ModelFamily } from "./modelFamily";

/**
 * The path on which an experiment's noise levels t are meant. A DiT has steps and no path: its t are those of the linear path,
 * taken to the step of equal signal-to-noise ratio (`stepOfTime`).
 */
export const pathOfTimes = ({
  model,
  transport,
}: Pick<Experiment, "model" | "transport">): PathKind =>
  model.family === "dit" ? "linear" : transport.path;

/** A noise level in words, with a DiT's step where one is among the models: "t = 0.5", "t = 0.5 (DiT: step 258 of 1,000)". */
export const sayTime = (t: number, families: readonly ModelFamily[]): string =>
  families.includes("dit") ? `t = ${t} (DiT: ${sayStep("linear", t)})` : `t = ${t}`;
