import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { isFrozen, type InitialValues } from "../models/transformerInit";
import type { ParamMap } from "../nn/params";
import { initAdamW } from "./adamw";

/**
 * Everything a step changes. All maps use the reference's names; frozen parameters have no moments.
 * It has one owner: `trainStep` consumes the state it is given, and its caller owns the state it returns.
 */
export interface TrainState {
  readonly params: ParamMap;
  readonly ema: ParamMap;
  readonly expAvg: ParamMap;
  readonly expAvgSq: ParamMap;
  /** Updates done. */
  readonly step: number;
  /** Updates done by each projector, by its scope: fewer than `step` for one that joined late or was inactive. */
  readonly projectorSteps: Readonly<Record<string, number>>;
}

const MAPS = ["params", "ema", "expAvg", "expAvgSq"] as const;

export const stateTensors = (state: TrainState): Tensor[] =>
  MAPS.flatMap((map) => Object.values(state[map]));

export const disposeState = (state: TrainState): void => tf.dispose(stateTensors(state));

const toTensors = (values: InitialValues): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape, values: numbers }]) => [
      name,
      tf.tensor(numbers, [...shape], "float32"),
    ]),
  );

/** A run's start: EMA equal to the parameters, zero moments, step 0. The caller owns it. */
export function createTrainState(values: InitialValues): TrainState {
  const params = toTensors(values);
  const names = Object.keys(params).filter((name) => !isFrozen(name));
  return {
    params,
    ema: toTensors(values),
    ...initAdamW(params, names),
    step: 0,
    projectorSteps: {},
  };
}

/**
 * The state with new parameters (a projector that joins): their EMA is themselves, their moments zero.
 * Consumes `state`: its tensors become part of the result.
 * @throws StudioError INTERNAL when a name exists already
 */
export function extendTrainState(state: TrainState, values: InitialValues): TrainState {
  const taken = Object.keys(values).find((name) => name in state.params);
  if (taken !== undefined) {
    throw new StudioError(
      "INTERNAL",
      `The parameter "${taken}" exists already.`,
      "Reload the page; the run resumes from its last checkpoint.",
    );
  }
  const added = createTrainState(values);
  return {
    params: { ...state.params, ...added.params },
    ema: { ...state.ema, ...added.ema },
    expAvg: { ...state.expAvg, ...added.expAvg },
    expAvgSq: { ...state.expAvgSq, ...added.expAvgSq },
    step: state.step,
    projectorSteps: state.projectorSteps,
  };
}
