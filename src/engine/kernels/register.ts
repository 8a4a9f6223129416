import * as tf from "@tensorflow/tfjs-core";
import { Activate, ActivateGrad } from "./activate";
import { Attention, AttentionGrad } from "./attention";
import { CosineLoss, CosineLossGrad } from "./cosineLoss";
import { GatedResidual, GatedResidualGrad } from "./gatedResidual";
import { Interpolate } from "./interpolate";
import { LabelEmbed, LabelEmbedGrad } from "./labelEmbed";
import { LayerNormAffine } from "./layerNormAffine";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulate";
import { Linear, LinearGradW, LinearGradX } from "./linear";
import { registerWebGpuOperations, type AnyOperation } from "./operation";
import { VelocityLoss, VelocityLossGrad } from "./velocityLoss";

/** Every operation that has a WGSL kernel. */
export const OPERATIONS: readonly AnyOperation[] = [
  Linear,
  LinearGradX,
  LinearGradW,
  LayerNormModulate,
  LayerNormModulateGradX,
  LayerNormModulateGradMod,
  LayerNormAffine,
  GatedResidual,
  GatedResidualGrad,
  Attention,
  AttentionGrad,
  Activate,
  ActivateGrad,
  Interpolate,
  VelocityLoss,
  VelocityLossGrad,
  CosineLoss,
  CosineLossGrad,
  LabelEmbed,
  LabelEmbedGrad,
];

/** The name the studio's backend is registered by. */
const BACKEND = "webgpu";

export const registeredOperations = (): string[] => OPERATIONS.map(({ name }) => name);

/** Makes the fused kernels known to tfjs. */
export const registerFusedKernels = (): void => registerWebGpuOperations(BACKEND, OPERATIONS);

/** Removes kernels. An operation without its kernel runs its twin, as on backends that have no kernel for it. */
export function dropFusedKernels(operations: Iterable<string>): void {
  for (const name of operations) tf.unregisterKernel(name, BACKEND);
}
