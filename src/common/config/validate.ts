import { autoencoderRow } from "../catalogue/autoencoders";
import { heldOutGroups } from "./holdOut";
import { hasNullLabel } from "./nullLabel";
import { dataShape, gridSide, latentShape, modelShape } from "./sizes";
import type { Experiment, TimelineEntry } from "./experiment";

/** One thing to mend: which setting (`group.field`, or `timeline.2.encoderDepth`) and what is wrong with it. */
export interface ConfigIssue {
  readonly path: string;
  readonly message: string;
}

/** How many images the hold-out of `data` leaves aside. */
export function heldOutImages(data: Experiment["data"]): number {
  const { groups, imagesPerGroup } = dataShape(data);
  return heldOutGroups(groups, data.holdOutFraction) * imagesPerGroup;
}

type Report = (path: string, broken: boolean, message: string) => void;

function checkAutoencoder({ data, autoencoder }: Experiment, report: Report) {
  const { label, factor } = autoencoderRow(autoencoder.id);
  const { resolution } = dataShape(data);
  report(
    "autoencoder.id",
    resolution % factor !== 0,
    `Images of ${resolution} px cannot be encoded by ${label}: its latents are ${factor} times smaller, so the side must be a multiple of ${factor}.`,
  );
}

function checkModel(experiment: Experiment, report: Report) {
  const { width, heads } = modelShape(experiment.model);
  const { side } = latentShape(experiment);
  const { patchSize } = experiment.model;
  report(
    "model.heads",
    width % heads !== 0,
    `Width ${width} is not divisible by ${heads} heads; every head needs the same share.`,
  );
  report(
    "model.width",
    width % 4 !== 0,
    `Width ${width} is not a multiple of 4, which the position table needs.`,
  );
  report(
    "model.patchSize",
    !Number.isInteger(gridSide(experiment)),
    `A latent side of ${side} is not divisible by patches of ${patchSize}.`,
  );
}

function checkData({ dataset, imported }: Experiment["data"], report: Report) {
  report(
    "data.dataset",
    dataset === "imported" && !imported,
    "No imported images are chosen: add or choose a data set in the Data view.",
  );
}

function checkAlignment(
  alignment: Partial<Experiment["alignment"]>,
  depth: number,
  prefix: string,
  report: Report,
) {
  const { encoderDepth, encoders } = alignment;
  report(
    `${prefix}.encoderDepth`,
    encoderDepth !== undefined && encoderDepth > depth,
    `Block ${encoderDepth ?? 0} cannot be aligned: the model has ${depth} blocks.`,
  );
  report(
    `${prefix}.encoders`,
    encoders !== undefined && new Set(encoders).size < encoders.length,
    `An encoder is named twice: ${encoders?.join(", ") ?? ""}.`,
  );
}

function checkOptimizer({ batchSize, microBatch }: Experiment["optimizer"], report: Report) {
  report(
    "optimizer.microBatch",
    microBatch !== null && batchSize % microBatch !== 0,
    `A batch of ${batchSize} does not divide into micro-batches of ${microBatch ?? batchSize}; choose a divisor.`,
  );
}

function checkEvaluation(experiment: Experiment, report: Report) {
  const { heldOutCount, cknnaK } = experiment.evaluation;
  const { guidanceLow, guidanceHigh, guidanceScale } = experiment.sampling;
  const heldOut = heldOutImages(experiment.data);
  report(
    "sampling.guidanceScale",
    guidanceScale > 1 && !hasNullLabel(experiment),
    `Guidance of ${guidanceScale} needs the null label, which is trained where labels are dropped alone; label drop is 0. Raise it, or set the guidance scale to 1.`,
  );
  report(
    "sampling.guidanceLow",
    guidanceLow > guidanceHigh,
    `Guidance from t = ${guidanceLow} lies above its end at t = ${guidanceHigh}.`,
  );
  report(
    "evaluation.heldOutCount",
    heldOutCount > heldOut,
    `Only ${heldOut} images are held out, but ${heldOutCount} are asked for.`,
  );
  report(
    "evaluation.cknnaK",
    cknnaK >= heldOutCount - 1,
    `With ${heldOutCount} held-out images, k must be below ${heldOutCount - 1}; it is ${cknnaK}.`,
  );
}

/**
 * What no single field's range can tell: settings that contradict each other, or a timeline that asks for
 * a block the model lacks. Empty when the experiment can run.
 */
export function validateExperiment(
  experiment: Experiment,
  timeline: readonly TimelineEntry[] = [],
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const report: Report = (path, broken, message) => {
    if (broken) issues.push({ path, message });
  };
  const { depth } = modelShape(experiment.model);
  checkData(experiment.data, report);
  checkAutoencoder(experiment, report);
  checkModel(experiment, report);
  checkAlignment(experiment.alignment, depth, "alignment", report);
  checkOptimizer(experiment.optimizer, report);
  checkEvaluation(experiment, report);
  timeline.forEach(({ step, change }, i) => {
    const { encoderDepth, encoders } = change;
    const changed = {
      ...(encoderDepth === undefined ? {} : { encoderDepth }),
      ...(encoders === undefined ? {} : { encoders }),
    };
    checkAlignment(changed, depth, `timeline.${i}`, report);
    const before = timeline[i - 1]?.step ?? 0;
    report(`timeline.${i}.step`, step < before, `Step ${step} comes after step ${before}.`);
  });
  return issues;
}
