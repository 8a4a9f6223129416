import { encoderRow, type EncoderId } from "../catalogue/encoders";
import { isEncoderSpace, type FeatureSpaceId } from "../catalogue/featureSpaces";
import { INCEPTION_V3 } from "../catalogue/inceptionV3";

const FLOAT = 4;

/** What the network of a feature space takes in the trainer. */
export interface SpaceCost {
  /** Numbers of its weights. */
  readonly parameters: number;
  /** The peak of one image passing, by the tokens an encoder makes of it. */
  readonly imageBytes: (tokens: number) => number;
}

/** Of the encoder this project trained, and of its untrained twin. */
export const TINY_VIT_PARAMETERS = 826_240;
/** Measured with its preprocessing: tf.profile on tfjs' cpu backend, 8.0 MB an image of 64 px. */
const TINY_VIT_BYTES_A_TOKEN = 125_000;
/** Measured likewise: 57 to 67 for widths from 128 to 192, depths from 2 to 4 and 64 to 256 tokens. */
const VIT_FLOATS_A_FEATURE = 67;
/** Two neighbouring maps of the stem at 299 px, 149² x 32 and 147² x 64, and the picture. */
const INCEPTION_FLOATS = 149 ** 2 * 32 + 147 ** 2 * 64 + 299 ** 2 * 3;

function encoderCost(id: EncoderId): SpaceCost {
  const { weights, width } = encoderRow(id);
  switch (weights.kind) {
    case "none":
      return { parameters: 0, imageBytes: (tokens) => tokens * TINY_VIT_BYTES_A_TOKEN };
    case "built-in":
    case "untrained":
      return {
        parameters: TINY_VIT_PARAMETERS,
        imageBytes: (tokens) => tokens * TINY_VIT_BYTES_A_TOKEN,
      };
    case "hub":
      return {
        parameters: weights.files[0].bytes / FLOAT,
        imageBytes: (tokens) => tokens * width * VIT_FLOATS_A_FEATURE * FLOAT,
      };
  }
}

export const spaceCost = (id: FeatureSpaceId): SpaceCost =>
  isEncoderSpace(id)
    ? encoderCost(id)
    : { parameters: INCEPTION_V3.parameters, imageBytes: () => INCEPTION_FLOATS * FLOAT };
