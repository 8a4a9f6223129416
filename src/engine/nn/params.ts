import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { hasRank } from "../kernels/ranks";

/**
 * Parameters under the reference state dict's names and shapes (`blocks.0.attn.qkv.weight` is [3D, D]),
 * so a checkpoint is a byte copy. Layers are pure functions of such a map and a scope in it.
 */
export type ParamMap = Readonly<Record<string, Tensor>>;

const HINT =
  "The weights do not belong to this model: check the size, depth and encoder they were saved for.";

function found(params: ParamMap, name: string): Tensor {
  const tensor = params[name];
  if (!tensor) throw new StudioError("PARAM_MISSING", `Parameter "${name}" is missing.`, HINT);
  return tensor;
}

function lookUp<R extends Rank>(params: ParamMap, name: string, rank: `${R}`): Tensor<R> {
  const tensor = found(params, name);
  if (hasRank(tensor, rank)) return tensor;
  throw new StudioError(
    "SHAPE_MISMATCH",
    `Parameter "${name}" has shape [${tensor.shape.join(", ")}], expected rank ${rank.slice(1)}.`,
    HINT,
  );
}

export const vector = (params: ParamMap, name: string) => lookUp(params, name, "R1");
export const matrix = (params: ParamMap, name: string) => lookUp(params, name, "R2");
export const tensor3d = (params: ParamMap, name: string) => lookUp(params, name, "R3");
export const kernel4d = (params: ParamMap, name: string) => lookUp(params, name, "R4");

/** The parameters of these names, in this order. @throws StudioError PARAM_MISSING */
export const pickParams = (params: ParamMap, names: readonly string[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name) => [name, found(params, name)]));

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
