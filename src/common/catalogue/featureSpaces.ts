import { ENCODER_IDS, encoderRow, type EncoderId } from "./encoders";
import { INCEPTION_V3 } from "./inceptionV3";

/** Where samples can be measured: the token mean of an encoder, or Inception-v3's pooled features. */
export const FEATURE_SPACE_IDS = [...ENCODER_IDS, "inception-v3"] as const;
export type FeatureSpaceId = (typeof FEATURE_SPACE_IDS)[number];

export const isEncoderSpace = (id: FeatureSpaceId): id is EncoderId => id !== "inception-v3";

/** Numbers of an image's vector. */
export const featureSpaceWidth = (id: FeatureSpaceId): number =>
  isEncoderSpace(id) ? encoderRow(id).width : INCEPTION_V3.width;

/** How a space is named beside every number measured in it. */
export const featureSpaceLabel = (id: FeatureSpaceId): string =>
  isEncoderSpace(id) ? `${id}, token mean` : "Inception-v3, pool3";
