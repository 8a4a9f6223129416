import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import { findKernel } from "./findKernel";

/** Off: every operation runs its plain twin, for comparison and as a fallback. */
export const FUSED_FLAG = "STUDIO_FUSED_KERNELS";
tf.env().registerFlag(FUSED_FLAG, () => true);

/** Whether operations use their kernels, where the backend has them. */
export const fusedKernelsInUse = (): boolean => tf.env().getBool(FUSED_FLAG);

/** Operands by name. An input declared optional (`pre?`) may be absent. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Results by name; a list holds several results of one kind. */
export type NamedOutputs = Readonly<Record<string, Tensor | readonly Tensor[]>>;

/** The same names for what a kernel is given and gives: tensors without numbers or rank. */
export type InfosOf<Named> = {
  readonly [Name in keyof Named]: Named[Name] extends readonly Tensor[]
    ? readonly TensorInfo[]
    : TensorInfo;
};

/** Each output's shape in words; of a list, the shape of one entry in brackets. A list must be the last output. */
export type OutputShapes<Outputs> = {
  readonly [Name in keyof Outputs]: Outputs[Name] extends readonly Tensor[]
    ? readonly [string]
    : string;
};

/** What an operation means. Alone it is enough where no WebGPU kernel is needed. */
export interface TwinOperation<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
> {
  /** Of tfjs' kernel registry, unique. */
  readonly name: string;
  /** Names and shapes of the outputs. tfjs holds them as a list in this order. */
  readonly outputShapes: OutputShapes<Outputs>;
  /** Refuses operands that do not belong together. @throws StudioError SHAPE_MISMATCH */
  readonly check: (inputs: Inputs, attrs: Attrs) => void;
  /** The caller's tidy scope owns the outputs. */
  readonly twin: (inputs: Inputs, attrs: Attrs) => Outputs;
}

/**
 * One operation without a gradient of its own (a gradient is an operation again). `twin` says in plain tfjs what
 * it means and runs wherever there is no kernel; `webgpu` does the same in as few dispatches as it can.
 */
export interface Operation<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
> extends TwinOperation<Inputs, Outputs, Attrs> {
  readonly webgpu: (
    device: StudioDevice,
    inputs: InfosOf<Inputs>,
    attrs: Attrs,
  ) => InfosOf<Outputs>;
}

/** What an operation is told besides its operands. */
export type NamedAttrs = Readonly<Record<string, string | number | boolean>>;

/** The attributes of an operation that has none. */
export type NoAttrs = Readonly<Record<string, never>>;

/** What all operations have in common, whatever their operands: for lists of them. */
export interface AnyOperation {
  readonly name: string;
  readonly outputShapes: Readonly<Record<string, string | readonly [string]>>;
  readonly webgpu: (
    device: StudioDevice,
    inputs: never,
    attrs: never,
  ) => Readonly<Record<string, TensorInfo | readonly TensorInfo[]>>;
}

/** Named outputs as a list, in the operation's order. */
const inOrder = <T>(
  { outputShapes }: Pick<AnyOperation, "outputShapes">,
  named: Readonly<Record<string, T | readonly T[]>>,
): T[] => Object.keys(outputShapes).flatMap((name) => named[name] ?? []);

/** A list in the operation's order under the names of its outputs. */
function byName(
  { outputShapes }: Pick<AnyOperation, "outputShapes">,
  results: readonly Tensor[],
): NamedOutputs {
  return Object.fromEntries(
    Object.entries(outputShapes).map(([name, shape], i): [string, Tensor | readonly Tensor[]] => {
      const [result] = results.slice(i);
      return [name, typeof shape === "string" && result ? result : results.slice(i)];
    }),
  );
}

/** Whether the current backend has a kernel for `operation`, and kernels are in use. */
export const hasKernel = ({ name }: { readonly name: string }): boolean =>
  fusedKernelsInUse() && findKernel(name, tf.getBackend()) !== undefined;

/** Runs the backend's kernel for `operation`, or its twin. The caller's tidy scope owns the outputs. */
export function run<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(operation: TwinOperation<Inputs, Outputs, Attrs>, inputs: Inputs, attrs: Attrs): Outputs {
  operation.check(inputs, attrs);
  if (!hasKernel(operation)) return operation.twin(inputs, attrs);
  const results: Tensor[] = tf.engine().runKernel(operation.name, inputs, attrs);
  return byName(operation, results) as Outputs;
}

/**
 * `run` for checks that go through all operations: operands whose names are data.
 * @returns the outputs as a list, in the operation's order
 */
export const runByName = <
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: TwinOperation<Inputs, Outputs, Attrs>,
  inputs: NamedTensors,
  attrs: Attrs,
): Tensor[] => inOrder<Tensor>(operation, run(operation, inputs as Inputs, attrs));

/** Encodes an operation's kernel on a device. @returns the outputs as tfjs wants them: a list in the operation's order */
export const encodeKernel = (
  operation: AnyOperation,
  device: StudioDevice,
  inputs: Readonly<Record<string, TensorInfo | undefined>>,
  attrs: object,
): TensorInfo[] => inOrder(operation, operation.webgpu(device, inputs as never, attrs as never));

/** What tfjs' registry takes for an operation's kernel on another backend. @param compute as `webgpu`, on that backend */
export const kernelOf = <
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: TwinOperation<Inputs, Outputs, Attrs>,
  backendName: string,
  compute: (backend: unknown, inputs: InfosOf<Inputs>, attrs: Attrs) => InfosOf<Outputs>,
): tf.KernelConfig => ({
  kernelName: operation.name,
  backendName,
  kernelFunc: ({ inputs, backend, attrs = {} }) =>
    inOrder(operation, compute(backend, inputs as InfosOf<Inputs>, attrs as Attrs)),
});

/** Registers the WGSL kernels of `operations` for the backend of this name, which must be a `StudioDevice`. */
export function registerWebGpuOperations(
  backendName: string,
  operations: readonly AnyOperation[],
): void {
  for (const operation of operations) {
    if (findKernel(operation.name, backendName)) continue;
    tf.registerKernel({
      kernelName: operation.name,
      backendName,
      kernelFunc: ({ inputs, backend, attrs = {} }) =>
        encodeKernel(operation, backend as StudioDevice, inputs, attrs),
    });
  }
}
