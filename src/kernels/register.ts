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

/** Makes the fused kernels known to tfjs, under the name the studio's backend is registered by. */
export const registerFusedKernels = (): void => registerWebGpuOperations("webgpu", OPERATIONS);
