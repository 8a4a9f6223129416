import { jit, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { StepOptions } from "../../src/engine/training/trainStep";
import { entry, sitForward, type Params } from "./sit";

/** What a step changes; the position table is fixed and kept apart. */
export type JaxState = { params: Params; ema: Params; first: Params; second: Params };

/** A batch and the numbers of the step; all are arrays so that nothing is compiled anew. */
export type JaxBatch = {
  latents: np.Array;
  noise: np.Array;
  /** [B, 1, 1, 1] */
  t: np.Array;
  timeFeatures: np.Array;
  oneHotLabels: np.Array;
  /** [B, T, Z] */
  features: np.Array;
  positions: np.Array;
  /** AdamW's rate and epsilon with their bias corrections, scalars. */
  rate: np.Array;
  eps: np.Array;
};

const NORM_FLOOR = 1e-12;

/** Rows of the last axis to unit length. */
function normalize(x: np.Array): np.Array {
  const norm = np.sqrt(np.square(x.ref).sum(-1, { keepdims: true }));
  return x.div(np.maximum(norm, NORM_FLOOR));
}

type LossInputs = Omit<JaxBatch, "rate" | "eps">;

/** The objective of src/engine/training/trainStep.ts on the linear path. Consumes both. */
const lossOf =
  ({ shape, alignment }: StepOptions) =>
  (params: Params, batch: LossInputs): [np.Array, { velocity: np.Array; alignment: np.Array }] => {
    const { latents, noise, t, features, timeFeatures, oneHotLabels, positions } = batch;
    const alpha = np.multiply(t.ref, -1).add(1);
    const xt = alpha.mul(latents.ref).add(t.mul(noise.ref));
    const target = noise.sub(latents);
    const inputs = { xt, timeFeatures, oneHotLabels, positions };
    const { velocity, projected } = sitForward(params, shape, inputs, alignment.encoderDepth);
    tree.dispose(params);
    const velocityLoss = np.square(velocity.sub(target)).mean();
    const cosine = normalize(features).mul(normalize(projected)).sum(-1);
    const alignmentLoss = np.negative(cosine.mean());
    const total = velocityLoss.ref.add(alignmentLoss.ref.mul(alignment.projCoeff));
    return [total, { velocity: velocityLoss, alignment: alignmentLoss }];
  };

const names = (params: Params) => Object.keys(params);

/** Clip, AdamW and EMA of one step. Consumes all. */
function update(
  state: JaxState,
  gradients: Params,
  { rate, eps }: { rate: np.Array; eps: np.Array },
  { adamW, maxGradNorm, emaDecay }: StepOptions,
): { state: JaxState; norm: np.Array } {
  const squares = names(gradients).map((name) => np.square(entry(gradients, name).ref).sum());
  const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
  const clip = np.minimum(np.divide(maxGradNorm, norm.ref.add(1e-6)), 1);
  const next: JaxState = { params: {}, ema: {}, first: {}, second: {} };
  for (const name of names(gradients)) {
    const g = entry(gradients, name).mul(clip.ref);
    const m = entry(state.first, name);
    const first = m.ref.add(g.ref.sub(m).mul(1 - adamW.beta1));
    const second = entry(state.second, name)
      .mul(adamW.beta2)
      .add(np.square(g).mul(1 - adamW.beta2));
    const direction = first.ref.div(np.sqrt(second.ref).add(eps.ref));
    const decayed = entry(state.params, name).mul(1 - adamW.learningRate * adamW.weightDecay);
    const moved = decayed.sub(direction.mul(rate.ref));
    const average = entry(state.ema, name);
    next.ema[name] = average.ref.add(moved.ref.sub(average).mul(1 - emaDecay));
    next.params[name] = moved;
    next.first[name] = first;
    next.second[name] = second;
  }
  tree.dispose([clip, rate, eps]);
  return { state: next, norm };
}

/**
 * The whole step as one jitted function: consumes state and batch, answers the new state and
 * [velocity loss, alignment loss, gradient norm].
 */
export function createJaxTrainStep(options: StepOptions) {
  const differentiate = valueAndGrad(lossOf(options), { hasAux: true });
  return jit((state: JaxState, batch: JaxBatch): { state: JaxState; losses: np.Array } => {
    const { rate, eps, ...inputs } = batch;
    const [[total, losses], gradients] = differentiate(tree.ref(state.params), inputs);
    total.dispose();
    const { state: next, norm } = update(state, gradients, { rate, eps }, options);
    return { state: next, losses: np.stack([losses.velocity, losses.alignment, norm]) };
  });
}
