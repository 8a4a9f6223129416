import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";

const program = (lanes: Lanes, first: boolean) =>
  elementwise(
    lanes,
    {
      name: "accumulate",
      outputs: { sum: elementOf(lanes) },
      inputs: { part: elementOf(lanes) },
      uniforms: { weight: "f32" },
      body: first ? "sum[i] = part[i] * uniforms.weight;" : "sum[i] += part[i] * uniforms.weight;",
    },
    first ? "first " : "",
  );

/**
 * into = into + weight from, in place, float32 of any length and equal sizes; one dispatch.
 * @param first into = weight from: whatever was there before is not read
 */
export function accumulate(
  device: StudioDevice,
  into: TensorInfo,
  from: TensorInfo,
  weight: number,
  first = false,
): void {
  const size = tf.util.sizeFromShape(into.shape);
  const lanes = lanesOf(size);
  device.dispatch(program(lanes, first), {
    outputs: [into],
    inputs: [from],
    uniforms: [size / lanes, weight],
    workgroups: elementGroups(size / lanes),
  });
}
