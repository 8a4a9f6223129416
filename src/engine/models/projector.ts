import type { Tensor3D } from "@tensorflow/tfjs-core";
import { linearChain } from "../nn/linear";
import type { ParamMap } from "../nn/params";
import { initialValue, linearRules, type InitialValues } from "./transformerInit";

/** Where projector `index` keeps its parameters: `projectors.0.0.weight`, as in the reference. */
export const projectorScope = (index: number): string => `projectors.${index}`;

/**
 * h_phi: hidden [B, T, D] -> [B, T, Z], three linears with SiLU between, on every token alone.
 * @source sihyun-yu/REPA models/sit.py build_mlp; REPA (arXiv:2410.06940) Eq. 8
 */
export function projectTokens(params: ParamMap, index: number, hidden: Tensor3D): Tensor3D {
  const scopes = [0, 2, 4].map((position) => `${projectorScope(index)}.${position}`);
  return linearChain(params, scopes, hidden, { activation: "silu" });
}

export interface ProjectorInit {
  readonly seed: number;
  /** Names the random stream, so a projector is the same whenever its encoder joins the run. */
  readonly encoderId: string;
  readonly index: number;
  /** D, of the hidden state. */
  readonly inDim: number;
  /** P, of the two inner layers; 2048 in the reference. */
  readonly width: number;
  /** Z, of the encoder's features. */
  readonly outDim: number;
}

/** A new projector under `projectors.${index}`: Xavier uniform, zero bias, as every linear of the reference. */
export function initProjector(init: ProjectorInit): InitialValues {
  const { seed, encoderId, index, inDim, width, outDim } = init;
  const rules = {
    ...linearRules("0", inDim, width),
    ...linearRules("2", width, width),
    ...linearRules("4", width, outDim),
  };
  return Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [
      `${projectorScope(index)}.${name}`,
      initialValue(rule, seed, `projectors/${encoderId}.${name}`),
    ]),
  );
}
