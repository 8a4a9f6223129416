import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import { plainProduct } from "./plainProduct";
import type { ProductLayout, ProductOptions } from "./productFrame";
import { registerProduct } from "./registerProduct";
import { SHARED_TILE, sharedProduct } from "./sharedProduct";

export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Columns of a chunk of the result; n when it is not cut. */
  readonly chunk: number;
  /** Elements from one chunk's [M, chunk] to the next. */
  readonly stride: number;
}

const readByFour = (layout: ProductLayout, { m, n, k, chunk }: ProductSizes) => {
  const read = layout === "tn" ? [m, n] : [n, k];
  return [...read, chunk].every((size) => size % 4 === 0);
};

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
  const full: ProductOptions = {
    ...options,
    f16: device.mixedPrecision && device.features.has("shader-f16"),
  };
  const { m, n, k, chunk, stride } = sizes;
  const { kind, tile, dots = true } = device.tuning;
  const [program, rows, columns] =
    kind === "shared"
      ? [sharedProduct(full, SHARED_TILE), SHARED_TILE.results, SHARED_TILE.results]
      : readByFour(options.layout, sizes)
        ? [registerProduct(full, [...tile, dots]), ...tile]
        : [plainProduct(full), 1, 1];
  const [x, y] = program.workgroupSize;
  device.dispatch(program, {
    outputs,
    inputs: operands,
    uniforms: [m, n, k, chunk, stride, full.f16 ? scale : 1],
    workgroups: [Math.ceil(n / (columns * x)), Math.ceil(m / (rows * y)), 1],
  });
}
