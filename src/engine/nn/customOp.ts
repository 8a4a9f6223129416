import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { leavesOf, withLeaves, type TensorTree } from "./tensorTree";

/** The engine's method under tf.customGrad, which allows a single output only. Its declaration makes it private. */
interface EngineWithGradients {
  runKernelFunc: (call: {
    readonly inputs: Readonly<Record<string, Tensor>>;
    readonly forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => void) => Tensor[];
    readonly backwardsFunc: (
      dys: Tensor | Tensor[],
      saved: Tensor[],
    ) => Record<string, () => Tensor>;
  }) => Tensor[];
}

type Named = Readonly<Record<string, TensorTree>>;

/** A gradient has its input's name and shape. */
type GradientsOf<Inputs> = { readonly [Name in keyof Inputs]: Inputs[Name] };

/** A function of tensors with a gradient of its own. Inputs, value and what is saved may be records and lists. */
export interface CustomOp<
  Inputs extends Named,
  Constants extends Named,
  Value extends TensorTree,
  Saved extends Named,
> {
  /** What the value is differentiated by. */
  readonly inputs: Inputs;
  /** What else the value depends on: it gets no gradient. */
  readonly constants?: Constants;
  /**
   * Computes the value, of new tensors.
   * @returns the value, and under `saved` everything that `backward` needs
   */
  readonly forward: (given: Inputs & Constants) => {
    readonly value: Value;
    readonly saved: Saved;
  };
  /**
   * Gradients of all inputs by their names: new tensors. All tensors it reads must come from `saved`: others may be
   * disposed before the backward pass.
   * @param dValue the gradient of the value
   */
  readonly backward: (dValue: Value, saved: Saved) => GradientsOf<Inputs>;
}

/** Whether a gradient tape is active. Without one, tfjs keeps nothing of what an operation saves. */
export const hasTape = (): boolean => tf.engine().state.gradientDepth > 0;

/** Gradients under the paths of the inputs. @throws StudioError INTERNAL when an input got none */
function gradientsByPath(inputs: Named, gradients: Named): Record<string, Tensor> {
  const found = new Map(leavesOf(gradients));
  return Object.fromEntries(
    leavesOf(inputs).map(([path]) => {
      const gradient = found.get(path);
      if (!gradient) {
        throw new StudioError(
          "INTERNAL",
          `An operation gave no gradient for its input "${path}".`,
          "Reload the page; the run resumes from its last checkpoint.",
        );
      }
      return [path, gradient];
    }),
  );
}

/**
 * Runs a function with a gradient of its own, as one node of the gradient tape. Records of tensors become tfjs' lists
 * here, and the other way round; everywhere else they have names and types.
 * @returns the value; the caller's tidy scope owns it
 * @throws StudioError INTERNAL in the backward pass when an input gets no gradient
 */
export function customOp<
  Inputs extends Named,
  Value extends TensorTree,
  Saved extends Named,
  Constants extends Named = Inputs, // without constants, nothing more than the inputs is given
>({ inputs, constants, forward, backward }: CustomOp<Inputs, Constants, Value, Saved>): Value {
  const engine = tf.engine() as unknown as EngineWithGradients;
  const given = { ...inputs, ...constants } as Inputs & Constants;
  let structure!: ReturnType<typeof forward>; // the engine calls forwardFunc once, at once
  const outputs = engine.runKernelFunc({
    inputs: Object.fromEntries(leavesOf(inputs)),
    forwardFunc: (_, save) => {
      structure = forward(given);
      save(leavesOf(structure.saved).map(([, tensor]) => tensor));
      return leavesOf(structure.value).map(([, tensor]) => tensor);
    },
    backwardsFunc: (dy, savedTensors) => {
      const { value, saved } = structure;
      const dValue = withLeaves(value, Array.isArray(dy) ? dy : [dy]);
      const gradients = tf.tidy(() =>
        gradientsByPath(inputs, backward(dValue, withLeaves(saved, savedTensors))),
      );
      return Object.fromEntries(
        Object.entries(gradients).map(([path, gradient]) => [path, () => gradient]),
      );
    },
  });
  return withLeaves(structure.value, outputs);
}
