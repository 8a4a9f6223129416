import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { TapeNode } from "@tensorflow/tfjs-core/dist/tape";
import { StudioError } from "../../common/errors/studioError";

const fault = (message: string) =>
  new StudioError(
    "INTERNAL",
    message,
    "Reload the page; the run resumes from its last checkpoint.",
  );

function disposeSaved(nodes: readonly TapeNode[]) {
  for (const node of nodes) {
    tf.dispose(node.saved ?? []);
    node.saved = [];
  }
}

/** Runs `f` on a tape of its own. The tape that was active before is active again afterwards, also when `f` throws. */
function record<T extends Tensor>(f: () => T): { value: T; tape: TapeNode[] } {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) throw fault("Gradients of gradients are not supported.");
  const outer = state.activeTape;
  const tape: TapeNode[] = [];
  state.activeTape = tape;
  state.gradientDepth = 1;
  try {
    return { value: tf.tidy(f), tape };
  } catch (thrown) {
    disposeSaved(tape);
    throw thrown;
  } finally {
    state.activeTape = outer;
    state.gradientDepth = 0;
  }
}

/** The gradients of a node's inputs `names`, each a tensor of its own. Everything else is disposed. */
function inputGradients(node: TapeNode, dys: readonly (Tensor | null)[], names: readonly string[]) {
  const { gradient, saved = [], kernelName, inputs } = node;
  if (!gradient) throw fault(`The operation "${kernelName}" has no gradient.`);
  return tf.tidy(() => {
    const thunks = gradient(dys as Tensor[]); // its type has no null, for which tfjs puts zeros
    const taken = new Set<Tensor | null>([...dys, ...saved]);
    return names.map((name) => {
      const thunk = thunks[name];
      if (!thunk) throw fault(`The operation "${kernelName}" has no gradient for "${name}".`);
      const found = thunk();
      const shape = inputs[name]?.shape.join() ?? "";
      if (found.shape.join() !== shape) {
        throw fault(
          `The gradient of "${name}" in "${kernelName}" is [${found.shape.join()}], not [${shape}].`,
        );
      }
      const own = taken.has(found) ? tf.clone(found) : found; // dy and the saved tensors are disposed below
      taken.add(own);
      return own;
    });
  });
}

/** Adds a gradient to the sum of those that came before it. */
function accumulateGradient(gradients: Map<number, Tensor>, id: number, gradient: Tensor) {
  const before = gradients.get(id);
  gradients.set(id, before ? tf.add(before, gradient) : gradient);
  if (before) tf.dispose([before, gradient]);
}

/**
 * f's value and its gradients for `xs`, with the same bits as from tfjs' engine. Saved tensors and intermediate
 * gradients are disposed as soon as the backward pass no longer needs them: the engine holds both for every operation
 * until the last one is done, about twice the activations. This may also be called inside a gradient function
 * (recompute), where the engine would lose the tape of the outer backward pass.
 * @param xs tensors f depends on; a gradient is undefined where it does not
 * @param dy gradient of the value, of its shape; ones by default. It stays the caller's
 * @param onNode called after each operation of the backward pass with how many are done, and of how many
 * @returns tensors that the caller owns
 * @throws StudioError INTERNAL for an operation without a gradient and for gradients of gradients
 */
export function backward<T extends Tensor>(
  f: () => T,
  xs: readonly Tensor[],
  dy?: Tensor,
  onNode?: (done: number, all: number) => void,
): { value: T; gradients: (Tensor | undefined)[] } {
  return tf.tidy(() => {
    const { value, tape } = record(f);
    try {
      const wanted = new Set(xs.map((x) => x.id));
      const reached = new Set(wanted);
      const nodes = tape.filter(({ inputs, outputs }) => {
        if (!Object.values(inputs).some((input) => reached.has(input.id))) return false;
        for (const output of outputs) reached.add(output.id);
        return true;
      });
      const gradients = new Map([[value.id, dy ? tf.clone(dy) : tf.onesLike<Tensor>(value)]]);
      for (const [i, node] of nodes.reverse().entries()) {
        const dys = node.outputs.map(({ id }) => gradients.get(id) ?? null);
        if (dys.some((gradient) => gradient !== null)) {
          const names = Object.keys(node.inputs).filter((name) =>
            reached.has(node.inputs[name]?.id ?? NaN),
          );
          const found = inputGradients(node, dys, names);
          for (const { id } of node.outputs) {
            if (wanted.has(id)) continue;
            gradients.get(id)?.dispose();
            gradients.delete(id);
          }
          names.forEach((name, i) => {
            const [input, gradient] = [node.inputs[name], found[i]];
            if (input && gradient) accumulateGradient(gradients, input.id, gradient);
          });
        }
        disposeSaved([node]);
        onNode?.(i + 1, nodes.length);
      }
      return { value, gradients: xs.map(({ id }) => gradients.get(id)) };
    } finally {
      disposeSaved(tape);
    }
  });
}
