import * as tf from "@tensorflow/tfjs-core";
import { randomNormal } from "../src/common/math/rng";
import type { InitialValues } from "../src/engine/models/transformerInit";
import type { ParamMap } from "../src/engine/nn/params";
import { tinyValues } from "./tinyRun";

/** Parameters of which none is zero: adaLN-Zero and the head would hide most gradients at the start. */
export const randomParams = (values: InitialValues = tinyValues()): ParamMap =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape }]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const normals = randomNormal({ seed: 3, stream: name }, count);
      return [
        name,
        tf.tensor(
          normals.map((value) => 0.3 * value),
          [...shape],
        ),
      ];
    }),
  );
