import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { torchDefaultUniform } from "../nn/init";
import type { ParamMap } from "../nn/params";
import type { AutoencoderKlConfig } from "./autoencoderKl";

type Shapes = Map<string, readonly number[]>;

const IMAGE_CHANNELS = 3;

function addConv(shapes: Shapes, scope: string, inputs: number, outputs: number, side = 3) {
  shapes.set(`${scope}.weight`, [outputs, inputs, side, side]);
  shapes.set(`${scope}.bias`, [outputs]);
}

function addNorm(shapes: Shapes, scope: string, channels: number) {
  shapes.set(`${scope}.weight`, [channels]);
  shapes.set(`${scope}.bias`, [channels]);
}

function addResnet(shapes: Shapes, scope: string, inputs: number, outputs: number) {
  addNorm(shapes, `${scope}.norm1`, inputs);
  addConv(shapes, `${scope}.conv1`, inputs, outputs);
  addNorm(shapes, `${scope}.norm2`, outputs);
  addConv(shapes, `${scope}.conv2`, outputs, outputs);
  if (inputs !== outputs) addConv(shapes, `${scope}.conv_shortcut`, inputs, outputs, 1);
}

function addMid(shapes: Shapes, scope: string, channels: number) {
  addNorm(shapes, `${scope}.attentions.0.group_norm`, channels);
  for (const part of ["to_q", "to_k", "to_v", "to_out.0"]) {
    shapes.set(`${scope}.attentions.0.${part}.weight`, [channels, channels]);
    shapes.set(`${scope}.attentions.0.${part}.bias`, [channels]);
  }
  addResnet(shapes, `${scope}.resnets.0`, channels, channels);
  addResnet(shapes, `${scope}.resnets.1`, channels, channels);
}

/**
 * Name and shape of every parameter, as in the reference's state dict: what a file of weights must hold.
 * @source huggingface/diffusers, AutoencoderKL
 */
export function autoencoderKlShapes(
  config: AutoencoderKlConfig,
): ReadonlyMap<string, readonly number[]> {
  const { blockOutChannels: widths, layersPerBlock, latentChannels } = config;
  const [first = 0, last = 0] = [widths[0], widths.at(-1)];
  const shapes: Shapes = new Map();

  addConv(shapes, "encoder.conv_in", IMAGE_CHANNELS, first);
  widths.forEach((width, level) => {
    const scope = `encoder.down_blocks.${level}`;
    for (let layer = 0; layer < layersPerBlock; layer++) {
      const inputs = layer === 0 ? (widths[Math.max(level - 1, 0)] ?? width) : width;
      addResnet(shapes, `${scope}.resnets.${layer}`, inputs, width);
    }
    if (level < widths.length - 1) addConv(shapes, `${scope}.downsamplers.0.conv`, width, width);
  });
  addMid(shapes, "encoder.mid_block", last);
  addNorm(shapes, "encoder.conv_norm_out", last);
  addConv(shapes, "encoder.conv_out", last, 2 * latentChannels);

  addConv(shapes, "decoder.conv_in", latentChannels, last);
  addMid(shapes, "decoder.mid_block", last);
  const upWidths = [...widths].reverse();
  upWidths.forEach((width, level) => {
    const scope = `decoder.up_blocks.${level}`;
    for (let layer = 0; layer <= layersPerBlock; layer++) {
      const inputs = layer === 0 ? (upWidths[Math.max(level - 1, 0)] ?? width) : width;
      addResnet(shapes, `${scope}.resnets.${layer}`, inputs, width);
    }
    if (level < upWidths.length - 1) addConv(shapes, `${scope}.upsamplers.0.conv`, width, width);
  });
  addNorm(shapes, "decoder.conv_norm_out", first);
  addConv(shapes, "decoder.conv_out", first, IMAGE_CHANNELS);

  addConv(shapes, "quant_conv", 2 * latentChannels, 2 * latentChannels, 1);
  addConv(shapes, "post_quant_conv", latentChannels, latentChannels, 1);
  return shapes;
}

/** torch's defaults: norms at identity, everything else uniform in ±1/sqrt(fan in of its weight). */
function initialValues(seed: number, name: string, shapes: ReadonlyMap<string, readonly number[]>) {
  const shape = shapes.get(name) ?? [];
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (/norm[^.]*\.weight$/.test(name)) return new Float32Array(count).fill(1);
  if (/norm[^.]*\.bias$/.test(name)) return new Float32Array(count);
  const weight = shapes.get(name.replace(/\.bias$/, ".weight")) ?? [];
  const fanIn = weight.slice(1).reduce((product, extent) => product * extent, 1);
  return torchDefaultUniform({ seed, name }, count, fanIn);
}

/** Fresh parameters; the same seed gives the same bits. The caller disposes them. */
export function initAutoencoderKl(config: AutoencoderKlConfig, seed: number): ParamMap {
  const shapes = autoencoderKlShapes(config);
  const params: Record<string, Tensor> = {};
  for (const [name, shape] of shapes) {
    params[name] = tf.tensor(initialValues(seed, name, shapes), [...shape]);
  }
  return params;
}
