import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { elementGroups, elementOf, elementwise, lanesOf, type Lanes } from "./elementwise";
import type { NoAttrs, Operation } from "./operation";
import { ofRank } from "./ranks";
import { hasShape, requireFit } from "./requireFit";

const zero = (lanes: Lanes) => (lanes === 4 ? "vec4f(0.0)" : "0.0");

const rowsOfLabels = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "label embedding",
    outputs: { rows: elementOf(lanes) },
    inputs: { table: elementOf(lanes), labels: "i32" },
    uniforms: { width: "u32", classes: "u32" },
    body: `
let sample = i / uniforms.width;
let label = u32(labels[sample]); // a negative one becomes larger than any class
var value = ${zero(lanes)};
if (label < uniforms.classes) { value = table[label * uniforms.width + i % uniforms.width]; }
rows[i] = value;`,
  });

/** Each thread owns its numbers of the table and goes through the samples: no atomics, always the same order. */
const sumsOfLabels = (lanes: Lanes) =>
  elementwise(lanes, {
    name: "label embedding gradient",
    outputs: { dTable: elementOf(lanes) },
    inputs: { dy: elementOf(lanes), labels: "i32" },
    uniforms: { width: "u32", batch: "u32" },
    body: `
let label = i32(i / uniforms.width); let column = i % uniforms.width;
var sum = ${zero(lanes)};
for (var sample = 0u; sample < uniforms.batch; sample++) {
  if (labels[sample] == label) { sum += dy[sample * uniforms.width + column]; }
}
dTable[i] = sum;`,
  });

/** Labels as rows of zeros and a one. Cast: tf.oneHot gives zeros as float32 on the wasm backend. */
const oneHot = (labels: Tensor1D, classes: number): Tensor2D =>
  tf.cast(ofRank(tf.oneHot(labels, classes), "R2"), "float32");

/** The rows of `table` [K, D] that `labels` [B] int32 name; zeros for a label that is no class. */
export const LabelEmbed: Operation<
  { table: Tensor2D; labels: Tensor1D },
  { rows: Tensor2D },
  NoAttrs
> = {
  name: "StudioLabelEmbed",
  outputShapes: { rows: "[B, D]" },
  check: ({ table, labels }) => {
    const fits = table.rank === 2 && labels.rank === 1 && labels.dtype === "int32";
    requireFit(fits, "label embedding", { table, labels });
  },
  twin: ({ table, labels }) => ({
    rows: tf.matMul(oneHot(labels, table.shape[0]), table),
  }),
  webgpu: (device, { table, labels }) => {
    const [classes = 0, width = 1] = table.shape;
    const [batch = 0] = labels.shape;
    const lanes = lanesOf(width);
    const count = (batch * width) / lanes;
    const rows = device.makeTensorInfo([batch, width], "float32");
    device.dispatch(rowsOfLabels(lanes), {
      outputs: [rows],
      inputs: [table, labels],
      uniforms: [count, width / lanes, classes],
      workgroups: elementGroups(count),
    });
    return { rows };
  },
};

/**
 * dTable: each row the sum of dy over its samples, in their order. dy [B, D], labels [B] int32.
 * `table` [K, D] is the parameter itself: its gradient is written to its place among the flat gradients, if it has one.
 */
export const LabelEmbedGrad: Operation<
  { dy: Tensor2D; labels: Tensor1D; table: Tensor2D },
  { dTable: Tensor2D },
  NoAttrs
> = {
  name: "StudioLabelEmbedGrad",
  outputShapes: { dTable: "[K, D]" },
  check: ({ dy, labels, table }) => {
    const fits = hasShape(dy, labels.size, table.shape[1]) && labels.dtype === "int32";
    requireFit(fits, "gradient of the label embedding", { dy, labels, table });
  },
  twin: ({ dy, labels, table }) => ({
    dTable: tf.matMul(oneHot(labels, table.shape[0]), dy, true, false),
  }),
  webgpu: (device, { dy, labels, table }) => {
    const [classes = 0, width = 1] = table.shape;
    const [batch = 0] = labels.shape;
    const lanes = lanesOf(width);
    const count = (classes * width) / lanes;
    const dTable = device.gradientOf(table);
    device.dispatch(sumsOfLabels(lanes), {
      outputs: [dTable],
      inputs: [dy, labels],
      uniforms: [count, width / lanes, batch],
      workgroups: elementGroups(count),
    });
    return { dTable };
  },
};
