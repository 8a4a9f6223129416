import type { Experiment } from "../config/experiment";
import { gridSide, latentShape, modelShape } from "../config/sizes";

/**
 * What single fields cannot know: settings that contradict each other, by the path (`group.name`) of the
 * one to change. An empty record means the experiment can be run.
 */
export function experimentIssues(experiment: Experiment): Readonly<Record<string, string>> {
  const { model, alignment, sampling } = experiment;
  const { width, depth, heads } = modelShape(model);
  const { side } = latentShape(experiment);
  const issues: Record<string, string> = {};
  if (width % heads !== 0) {
    issues["model.heads"] = `${heads} heads do not divide the width ${width}.`;
  }
  if (!Number.isInteger(gridSide(experiment))) {
    issues["model.patchSize"] =
      `A patch of ${model.patchSize} does not divide latents of side ${side}.`;
  }
  if (alignment.encoderDepth > depth) {
    issues["alignment.encoderDepth"] =
      `Block ${alignment.encoderDepth} does not exist: the model has ${depth}.`;
  }
  if (sampling.guidanceLow > sampling.guidanceHigh) {
    issues["sampling.guidanceHigh"] =
      `Ends at t = ${sampling.guidanceHigh}, before it starts at t = ${sampling.guidanceLow}.`;
  }
  return issues;
}
