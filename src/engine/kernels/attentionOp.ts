import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D, TensorInfo } from "@tensorflow/tfjs-core";
import { backwardProgram } from "./attentionBackward";
import { forwardProgram } from "./attentionForward";
import { fitsTile, type AttentionSide } from "./attentionFrame";
import { PLAIN_BACKWARD, PLAIN_FORWARD, PLAIN_ROWS } from "./attentionPlain";
import { attentionTile, rowsOfGroup } from "./attentionTile";
import type { StudioDevice } from "./device";
import type { Operation } from "./operation";
import { spread, type ComputeProgram } from "./program";
import { hasShape, requireFit } from "./requireFit";
import { sharedBackward, sharedForward } from "./sharedAttention";
import { rowsOfBlock, sharedAttentionTile } from "./sharedAttentionTile";

type HeadCount = Readonly<{ numHeads: number }>;

/** Sizes of attention on packed qkv [B, T, 3D]. */
function sizesOf({ shape: [batch = 0, tokens = 0, width3 = 0] }: TensorInfo, heads: number) {
  const width = width3 / 3;
  return { batch, tokens, width, heads, headWidth: width / heads };
}

type Sizes = ReturnType<typeof sizesOf>;

const divides = (qkv: Tensor3D, heads: number) => Number.isInteger(sizesOf(qkv, heads).headWidth);

// ---- twins

/** [B, T, D] -> [B H, T, D/H]. */
function splitHeads(x: Tensor3D, { batch, tokens, heads, headWidth }: Sizes): Tensor3D {
  const split: Tensor4D = tf.reshape(x, [batch, tokens, heads, headWidth]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * heads, tokens, headWidth]);
}

/** [B H, T, D/H] -> [B, T, D]. */
function joinHeads(x: Tensor3D, { batch, tokens, width, heads, headWidth }: Sizes): Tensor3D {
  const split: Tensor4D = tf.reshape(x, [batch, heads, tokens, headWidth]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch, tokens, width]);
}

/** q, scaled, k and v [B H, T, D/H] of packed qkv. */
function unpack(qkv: Tensor3D, sizes: Sizes): Record<"q" | "k" | "v", Tensor3D> {
  // tf.split would do; its gradient concatenates, and slices are what the plain path always had
  const part = (i: number) =>
    splitHeads(
      tf.slice(qkv, [0, 0, i * sizes.width], [sizes.batch, sizes.tokens, sizes.width]),
      sizes,
    );
  return { q: tf.mul(part(0), sizes.headWidth ** -0.5), k: part(1), v: part(2) };
}

// ---- dispatches

/** A program, and the rows of one of its workgroups. */
interface Cut {
  readonly program: ComputeProgram;
  readonly rows: number;
}

function dispatch(
  device: StudioDevice,
  { program, rows }: Cut,
  { batch, tokens, heads, headWidth }: Sizes,
  outputs: readonly TensorInfo[],
  inputs: readonly TensorInfo[],
): void {
  const rowBlocks = Math.ceil(tokens / rows);
  const blocks = batch * heads * rowBlocks;
  const plain = program.uniforms.headWidth ? [headWidth, headWidth ** -0.5] : [];
  const uniforms = [blocks, rowBlocks, heads, tokens, ...plain];
  device.dispatch(program, { outputs, inputs, uniforms, workgroups: spread(blocks) });
}

/** Rows a thread has on software adapters; more take longer to compile and spill. */
const FORWARD_ROWS = 4;
const BACKWARD_ROWS = 2;

/** The forward program for a head width on this device, or that of the gradients of one side. */
function cutFor(device: StudioDevice, headWidth: number, gradientsOf?: AttentionSide): Cut {
  if (!fitsTile(headWidth)) {
    const program = gradientsOf ? PLAIN_BACKWARD[gradientsOf] : PLAIN_FORWARD;
    return { program, rows: PLAIN_ROWS };
  }
  if (device.tuning.kind === "shared") {
    const tile = sharedAttentionTile(headWidth);
    const program = gradientsOf ? sharedBackward(tile, gradientsOf) : sharedForward(tile);
    return { program, rows: rowsOfBlock(tile) };
  }
  const mostRows = gradientsOf ? BACKWARD_ROWS : FORWARD_ROWS;
  const tile = attentionTile(headWidth, mostRows, device.features.has("subgroups"));
  const program = gradientsOf ? backwardProgram(tile, gradientsOf) : forwardProgram(tile);
  return { program, rows: rowsOfGroup(tile) };
}

/**
 * softmax(q kᵀ / sqrt(D/H)) v for each head: qkv [B, T, 3D] (columns q, k, v, each heads x head width).
 * `logSumExp` is that of the scaled scores, from which the gradient computes the weights again.
 * @source timm.models.vision_transformer.Attention, between its two linear maps
 */
export const Attention: Operation<
  { qkv: Tensor3D },
  { out: Tensor3D; logSumExp: Tensor3D },
  HeadCount
> = {
  name: "StudioAttention",
  outputShapes: { out: "[B, T, D]", logSumExp: "[B, H, T]" },
  check: ({ qkv }, { numHeads }) => {
    requireFit(divides(qkv, numHeads), `attention with ${numHeads} heads`, { qkv });
  },
  twin: ({ qkv }, { numHeads }) => {
    const sizes = sizesOf(qkv, numHeads);
    const { q, k, v } = unpack(qkv, sizes);
    const scores: Tensor3D = tf.matMul(q, k, false, true); // [B H, T, T]
    const most = tf.max<Tensor3D>(scores, 2, true);
    const weights = tf.exp(tf.sub<Tensor3D>(scores, most));
    const total = tf.sum<Tensor3D>(weights, 2, true);
    const out = joinHeads(tf.div(tf.matMul(weights, v), total), sizes);
    const logSumExp = tf.add(most, tf.log(total));
    return { out, logSumExp: tf.reshape(logSumExp, [sizes.batch, numHeads, sizes.tokens]) };
  },
  webgpu: (device, { qkv }, { numHeads }) => {
    const sizes = sizesOf(qkv, numHeads);
    const { batch, tokens, width, headWidth } = sizes;
    const out = device.makeTensorInfo([batch, tokens, width], "float32");
    const logSumExp = device.makeTensorInfo([batch, numHeads, tokens], "float32");
    dispatch(device, cutFor(device, headWidth), sizes, [out, logSumExp], [qkv]);
    return { out, logSumExp };
  },
};

/**
 * Gradient of Attention: qkv [B, T, 3D], out [B, T, D], logSumExp [B, H, T], dOut [B, T, D].
 * Two dispatches; every number is summed by one thread in a fixed order.
 */
export const AttentionGrad: Operation<
  { qkv: Tensor3D; out: Tensor3D; logSumExp: Tensor3D; dOut: Tensor3D },
  { dQkv: Tensor3D },
  HeadCount
> = {
  name: "StudioAttentionGrad",
  outputShapes: { dQkv: "[B, T, 3D]" },
  check: ({ qkv, out, logSumExp, dOut }, { numHeads }) => {
    const { batch, tokens, width } = sizesOf(qkv, numHeads);
    const fits =
      divides(qkv, numHeads) &&
      hasShape(out, batch, tokens, width) &&
      hasShape(dOut, batch, tokens, width) &&
      hasShape(logSumExp, batch, numHeads, tokens);
    const name = `gradient of attention with ${numHeads} heads`;
    requireFit(fits, name, { qkv, out, logSumExp, dOut });
  },
  twin: ({ qkv, out, logSumExp, dOut }, { numHeads }) => {
    const sizes = sizesOf(qkv, numHeads);
    const { q, k, v } = unpack(qkv, sizes);
    const slope = splitHeads(dOut, sizes);
    const log: Tensor3D = tf.reshape(logSumExp, [-1, sizes.tokens, 1]);
    const weights = tf.exp(tf.sub(tf.matMul(q, k, false, true), log)); // [B H, T, T]
    const delta = tf.sum(tf.mul(slope, splitHeads(out, sizes)), 2, true); // [B H, T, 1]
    const gain: Tensor3D = tf.matMul(slope, v, false, true);
    const dScores = tf.mul<Tensor3D>(weights, tf.sub(gain, delta));
    const dQ = tf.mul<Tensor3D>(tf.matMul(dScores, k), sizes.headWidth ** -0.5);
    const dK: Tensor3D = tf.matMul(dScores, q, true, false); // q is scaled already
    const dV: Tensor3D = tf.matMul(weights, slope, true, false);
    return {
      dQkv: tf.concat(
        [dQ, dK, dV].map((gradient) => joinHeads(gradient, sizes)),
        2,
      ),
    };
  },
  webgpu: (device, { qkv, out, logSumExp, dOut }, { numHeads }) => {
    const sizes = sizesOf(qkv, numHeads);
    const dQkv = device.makeTensorInfo(qkv.shape, "float32");
    const delta = device.makeTensorInfo(logSumExp.shape, "float32");
    const onSide = (side: AttentionSide, outputs: TensorInfo[], inputs: TensorInfo[]) => {
      dispatch(device, cutFor(device, sizes.headWidth, side), sizes, outputs, inputs);
    };
    onSide("query", [dQkv, delta], [qkv, dOut, logSumExp, out]);
    onSide("key", [dQkv], [qkv, dOut, logSumExp, delta]);
    device.disposeData(delta.dataId);
    return { dQkv };
  },
};
