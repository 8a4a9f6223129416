import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import { plainProduct } from "./plainProduct";
import type { ProductLayout, ProductOptions } from "./productFrame";
import { registerProduct } from "./registerProduct";
import { sharedPlan, type SharedPlan } from "./sharedPlan";
import { sharedProduct } from "./sharedProduct";
import { NARROW_TILE, sideOf } from "./sharedTile";
import { splitSum } from "./splitSum";

export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Columns of a chunk of the result; n when it is not cut. */
  readonly chunk: number;
  /** Elements from one chunk's [M, chunk] to the next. */
  readonly stride: number;
}

/** One product with everything that decides its programs. */
interface ProductCall {
  readonly options: ProductOptions;
  readonly sizes: ProductSizes;
  /** a, b, then the bias vector and the pre-activation where the options ask for them. */
  readonly operands: readonly TensorInfo[];
  /** y, then the pre-activation ("forward") and the sums where the options ask for them. */
  readonly outputs: readonly TensorInfo[];
  readonly scale: number;
}

const divideByFour = (...sizes: readonly number[]) => sizes.every((size) => size % 4 === 0);

/** Whether register products can read the operands four numbers at a time. */
const readByFour = (layout: ProductLayout, { m, n, k, chunk }: ProductSizes) =>
  divideByFour(...(layout === "tn" ? [m, n] : [n, k]), chunk);

/** Whether the inner axis of every operand and result divides by four. */
const allWide = (layout: ProductLayout, { m, n, k, chunk }: ProductSizes) =>
  divideByFour(layout === "tn" ? m : k, layout === "nt" ? k : n, n, chunk);

const uniformsOf = ({ m, n, k, chunk, stride }: ProductSizes, scale: number) => [
  ...[m, n, k, chunk, stride],
  scale,
];

function registerDispatch(
  device: StudioDevice,
  { options, sizes, operands, outputs, scale }: ProductCall,
  tile: readonly [number, number],
  dots: boolean,
): void {
  const [program, rows, columns] = readByFour(options.layout, sizes)
    ? [registerProduct(options, [...tile, dots]), ...tile]
    : [plainProduct(options), 1, 1];
  const [x, y] = program.workgroupSize;
  device.dispatch(program, {
    ...{ outputs, inputs: operands, uniforms: uniformsOf(sizes, scale) },
    workgroups: [Math.ceil(sizes.n / (columns * x)), Math.ceil(sizes.m / (rows * y)), 1],
  });
}

function workgroupsOf({ tile, parts }: SharedPlan, { m, n }: ProductSizes) {
  const [rows, columns] = [sideOf(tile, 0).length, sideOf(tile, 1).length];
  return [Math.ceil(n / columns), Math.ceil(m / rows), parts] as const;
}

const NARROW = [{ tile: NARROW_TILE, rate: 1 }] as const;

/** In one dispatch, or the parts of K in one and their sum in another. */
export function sharedDispatch(
  device: StudioDevice,
  { options, sizes, operands, outputs, scale }: ProductCall,
  plan: SharedPlan,
): void {
  const wide = allWide(options.layout, sizes);
  const { parts, partLength, tile } = plan;
  const split = parts > 1;
  const program = sharedProduct(options, tile, { wide, split });
  const uniforms = [...uniformsOf(sizes, scale), partLength];
  const workgroups = workgroupsOf(plan, sizes);
  if (!split) {
    device.dispatch(program, { outputs, inputs: operands, uniforms, workgroups });
    return;
  }
  const { m, n } = sizes;
  const partials = [
    device.makeTensorInfo([parts, m, n], "float32"),
    ...(options.bias === "sum" ? [device.makeTensorInfo([parts, m], "float32")] : []),
  ];
  const [a, b, ...after] = operands as [TensorInfo, TensorInfo, ...TensorInfo[]];
  device.dispatch(program, { outputs: partials, inputs: [a, b], uniforms, workgroups });
  const sum = splitSum(options, wide);
  const [x, y] = sum.workgroupSize;
  device.dispatch(sum, {
    ...{ outputs, inputs: [...partials, ...after] },
    uniforms: [...uniformsOf(sizes, 1), parts],
    workgroups: [Math.ceil(n / ((wide ? 4 : 1) * x)), Math.ceil(m / y), 1],
  });
  for (const { dataId } of partials) device.disposeData(dataId);
}

/**
 * One matrix product on the device, with what comes before and after it fused.
 * @param operands a, b, then the bias vector and the pre-activation where the options ask for them
 * @param outputs [y], then the pre-activation ("forward") and the sums where the options ask for them
 * @param scale a power of two that divides a before it becomes float16 and multiplies the result
 */
export function product(
  device: StudioDevice,
  options: Omit<ProductOptions, "f16">,
  sizes: ProductSizes,
  operands: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
  scale = 1,
): void {
  const f16 = device.mixedPrecision && device.features.has("shader-f16");
  const call = { options: { ...options, f16 }, sizes, operands, outputs, scale: f16 ? scale : 1 };
  const { tuning } = device;
  if (tuning.kind === "register") {
    registerDispatch(device, call, tuning.tile, tuning.dots ?? true);
    return;
  }
  const { m, n, k } = sizes;
  const speeds = allWide(options.layout, sizes) ? tuning.speeds : NARROW;
  sharedDispatch(device, call, sharedPlan([m, n, k], tuning.fill, speeds));
}
