import * as tf from "@tensorflow/tfjs-core";
import { Activate, ActivateGrad } from "./activateOp";
import { Attention, AttentionGrad } from "./attentionOp";
import { CosineLoss, CosineLossGrad } from "./cosineLossOp";
import { GatedResidual, GatedResidualGrad } from "./gatedResidualOp";
import { Interpolate } from "./interpolateOp";
import { LabelEmbed, LabelEmbedGrad } from "./labelEmbedOp";
import { LayerNormAffine } from "./layerNormAffineOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulateOp";
import { Linear, LinearActivated, LinearChunks, LinearGradW, LinearGradX } from "./linearOp";
import { registerWebGpuOperations, type AnyOperation } from "./operation";
import { VelocityLoss, VelocityLossGrad } from "./velocityLossOp";

/** Every operation that has a WGSL kernel. */
export const OPERATIONS: readonly AnyOperation[] = [
  Linear,
  LinearActivated,
  LinearChunks,
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
