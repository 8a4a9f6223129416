import type { Tensor } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "../kernels/device";
import type { LazyOperand } from "../kernels/lazyOperand";
import {
  encodeKernel,
  runByName,
  type AnyOperation,
  type NamedAttrs,
  type NamedOutputs,
  type NamedTensors,
  type Operation,
} from "../kernels/operation";
import { named } from "../kernels/named";
import type { CheckCase } from "../kernels/selfCheckCases";

/** Which choices of the device change an operation's kernel. */
export type Family =
  /** Every tile, float32 and float16. */
  | "product"
  /** Only the kind of tile, float32. */
  | "kind";

/** One operation on operands of one shape, whose kernel must give what its twin gives. */
export interface KernelCase {
  /** Operation, attributes and shapes in one line; unique. */
  readonly name: string;
  /** The operation's name in tfjs' kernel registry. */
  readonly operation: string;
  readonly family: Family;
  /** Largest difference in float32, over `unit` + the largest expected number. */
  readonly tolerance: number;
  /** The scale of the results: differences below it are judged as absolute ones. */
  readonly unit: number;
  readonly operands: readonly LazyOperand[];
  /** Runs the operation on operands that are on tfjs' current backend; the caller's tidy owns the outputs. */
  readonly run: (operands: readonly Tensor[]) => Tensor[];
  /** Encodes the kernel's dispatches on a device, on tensors of these shapes without numbers. */
  readonly encode: (device: StudioDevice) => void;
}

type NamedOperands = readonly (readonly [name: string, operand: LazyOperand])[];
type Accuracy = Partial<Pick<KernelCase, "tolerance" | "unit">>;

function kernelCase(
  operation: AnyOperation,
  operands: NamedOperands,
  attrs: NamedAttrs,
  family: Family,
  run: KernelCase["run"],
  { tolerance = 4e-6, unit = 1 }: Accuracy = {},
): KernelCase {
  const names = operands.map(([name]) => name);
  const shapes = operands.map(([name, { shape }]) => `${name} [${shape.join(", ")}]`);
  const options = Object.entries(attrs).map(([name, value]) => `${name} ${value}`);
  return {
    name: `${operation.name}: ${[...options, ...shapes].join(", ")}`,
    operation: operation.name,
    family,
    tolerance,
    unit,
    operands: operands.map(([, operand]) => operand),
    run,
    encode: (device) => {
      const infos = operands.map(([, { shape, dtype }]) =>
        device.makeTensorInfo([...shape], dtype),
      );
      encodeKernel(operation, device, named(names, infos), attrs);
    },
  };
}

/** A case of an operation; an optional input may be left out of `operands`. */
export function caseOf<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: Operation<Inputs, Outputs, Attrs>,
  operands: { readonly [K in keyof Inputs]?: LazyOperand },
  attrs: Attrs,
  family: Family,
  accuracy: Accuracy = {},
): KernelCase {
  const given = Object.entries<LazyOperand | undefined>(operands).flatMap(
    ([name, operand]): NamedOperands => (operand ? [[name, operand]] : []),
  );
  const names = given.map(([name]) => name);
  const run = (tensors: readonly Tensor[]) => runByName(operation, named(names, tensors), attrs);
  return kernelCase(operation, given, attrs, family, run, accuracy);
}

/** The self-check's cases of an operation, for one that has no wider cases here. */
export function selfCheckCase({ registers, operands, attrs, runOn }: CheckCase, family: Family) {
  const names = operands.map(([name]) => name);
  return kernelCase(registers, operands, attrs, family, (tensors) => runOn(named(names, tensors)));
}
