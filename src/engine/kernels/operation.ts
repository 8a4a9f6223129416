import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";

/** Off: every operation runs its plain twin, for comparison and as a way out. */
export const FUSED_FLAG = "STUDIO_FUSED_KERNELS";
tf.env().registerFlag(FUSED_FLAG, () => true);

/** Whether operations use their kernels, where the backend has them. */
export const fusedKernelsInUse = (): boolean => tf.env().getBool(FUSED_FLAG);

type Named<T> = Readonly<Record<string, T>>;

/**
 * One operation without a gradient of its own (a gradient is an operation again). `twin` says in plain tfjs what
 * it means and runs wherever there is no kernel; `webgpu` does the same in as few dispatches as it can.
 */
export interface Operation<Inputs extends Named<Tensor>, Attrs extends object> {
  /** Of tfjs' kernel registry, unique. */
  readonly name: string;
  /** Refuses operands that do not belong together. @throws StudioError SHAPE_MISMATCH */
  readonly check: (inputs: Inputs, attrs: Attrs) => void;
  /** Outputs; the caller's tidy scope owns them. */
  readonly twin: (inputs: Inputs, attrs: Attrs) => Tensor[];
  readonly webgpu: (
    device: StudioDevice,
    inputs: { readonly [K in keyof Inputs]: TensorInfo },
    attrs: Attrs,
  ) => TensorInfo[];
}

/** For lists of operations, whose operands differ. */
export type AnyOperation = Operation<never, never>;

/** Whether the current backend has a kernel for `operation`, and kernels are in use. */
export const hasKernel = ({ name }: { readonly name: string }): boolean =>
  fusedKernelsInUse() &&
  Boolean(tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined);

/** Runs the backend's kernel for `operation`, or its twin. */
export function run<Inputs extends Named<Tensor>, Attrs extends object>(
  operation: Operation<Inputs, Attrs>,
  inputs: Inputs,
  attrs: Attrs,
): Tensor[] {
  operation.check(inputs, attrs);
  if (!hasKernel(operation)) return operation.twin(inputs, attrs);
  const results: unknown = tf
    .engine()
    .runKernel(operation.name, inputs, attrs as unknown as tf.NamedAttrMap);
  return results as Tensor[];
}

/** Registers the WGSL kernels of `operations` for the backend of this name. */
export function registerWebGpuOperations(
  backendName: string,
  operations: readonly AnyOperation[],
): void {
  for (const { name, webgpu } of operations) {
    if (tf.getKernel(name, backendName) as tf.KernelConfig | undefined) continue;
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({ inputs, backend, attrs }) =>
        webgpu(backend as unknown as StudioDevice, inputs as never, attrs as never),
    });
  }
}
