import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";

/**
 * Parameters under the reference state dict's names and shapes (`blocks.0.attn.qkv.weight` is [3D, D]),
 * so a checkpoint is a byte copy. Layers are pure functions of such a map and a scope in it.
 */
export type ParamMap = Readonly<Record<string, Tensor>>;

function lookUp(params: ParamMap, name: string, rank: number): Tensor {
  const tensor = params[name];
  if (!tensor) {
    throw new StudioError(
      "PARAM_MISSING",
      `Parameter "${name}" is missing.`,
      "The weights do not belong to this model: check the size, depth and encoder they were saved for.",
    );
  }
  if (tensor.rank !== rank) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `Parameter "${name}" has shape [${tensor.shape.join(", ")}], expected rank ${rank}.`,
      "The weights do not belong to this model: check the size, depth and encoder they were saved for.",
    );
  }
  return tensor;
}

export const vector = (params: ParamMap, name: string) => lookUp(params, name, 1) as Tensor1D;
export const matrix = (params: ParamMap, name: string) => lookUp(params, name, 2) as Tensor2D;
export const tensor3d = (params: ParamMap, name: string) => lookUp(params, name, 3) as Tensor3D;
export const kernel4d = (params: ParamMap, name: string) => lookUp(params, name, 4) as Tensor4D;

/** Number of scalars in the map. */
export const parameterCount = (params: ParamMap): number =>
  Object.values(params).reduce((sum, tensor) => sum + tensor.size, 0);

/** The entries whose name starts with `prefix`, with the prefix cut off. */
export const scoped = (params: ParamMap, prefix: string): ParamMap =>
  Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
