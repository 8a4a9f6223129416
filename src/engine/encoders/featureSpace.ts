import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import {
  isEncoderSpace,
  featureSpaceLabel,
  type FeatureSpaceId,
} from "../../common/catalogue/featureSpaces";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import { foldInception, inceptionForward, inceptionShapes } from "../models/inceptionV3";
import { inceptionInput } from "./inceptionInput";
import { loadEncoder } from "./loadEncoder";
import type { ModelSources } from "./modelSources";
import { paramsFromSource } from "./paramsFromSource";

/** Features of some images in a space. The caller disposes all of them. */
export interface Description {
  /** One vector an image, [B, width]: what distances are taken between. */
  readonly pooled: Tensor2D;
  /** Where the space has positions, channels that are kept of each: [B, H, W, C], for sFID. */
  readonly spatial?: Tensor4D;
  /** Where it has a classifier, [B, classes], for the inception score. */
  readonly logits?: Tensor2D;
}

/** A network that generated and real images are compared in, with its weights on the device. */
export interface FeatureSpace {
  readonly id: FeatureSpaceId;
  /** How it is named beside every number. */
  readonly label: string;
  readonly width: number;
  /** @param images [B, S, S, 3] in [-1, 1], made of bytes */
  readonly describe: (images: Tensor4D) => Description;
  readonly dispose: () => void;
}

/** Heads the published file may hold beside what is used, and torch's counters. */
const isSurplus = (name: string): boolean =>
  name.startsWith("AuxLogits.") || name.endsWith(".num_batches_tracked");

/** Inception-v3 as FID uses it. @throws StudioError as loadFeatureSpace */
async function loadInception({ openWeights }: ModelSources): Promise<FeatureSpace> {
  const source = await openWeights(INCEPTION_V3.files);
  const params = await paramsFromSource(source, inceptionShapes(), (name) => name, isSurplus);
  const folded = foldInception(params);
  tf.dispose({ ...params });
  return {
    id: "inception-v3",
    label: featureSpaceLabel("inception-v3"),
    width: INCEPTION_V3.width,
    describe: (images) => tf.tidy(() => ({ ...inceptionForward(folded, inceptionInput(images)) })),
    dispose: () => tf.dispose({ ...folded }),
  };
}

/**
 * Loads a space to measure samples in: an encoder by the mean of its tokens, or Inception-v3.
 * @param grid side of an encoder's token grid, as its features are cached; Inception has none
 * @throws StudioError WEIGHTS_MISSING, PARAM_MISSING, SHAPE_MISMATCH and what loadEncoder throws
 */
export async function loadFeatureSpace(
  id: FeatureSpaceId,
  sources: ModelSources,
  grid: number,
): Promise<FeatureSpace> {
  if (!isEncoderSpace(id)) return loadInception(sources);
  const { width, encode, dispose } = await loadEncoder(id, sources);
  return {
    id,
    label: featureSpaceLabel(id),
    width,
    describe: (images) => tf.tidy(() => ({ pooled: tf.mean<Tensor2D>(encode(images, grid), 1) })),
    dispose,
  };
}
