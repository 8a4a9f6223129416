import type { SharedPlan } from "../kernels/sharedPlan";
import { sideOf } from "../kernels/sharedTile";
import { flopsOf, numbersOf, type StepProduct } from "./stepProducts";

/** What a card's maker says of it; nothing here was measured. */
export interface CardOnPaper {
  readonly name: string;
  /** Units with workgroup memory of their own: SMs, GPU cores, Xe sub-slices. */
  readonly cores: number;
  /** Multiply-adds in float32 outside of matrix units, which WebGPU does not reach; operations a second. */
  readonly flops: number;
  /** Bytes a second of its memory. */
  readonly bandwidth: number;
}

/** Groups that a core holds at once: with two, one computes while the other waits for memory. */
const GROUPS_PER_CORE = 2;

/** Workgroups that run at the same time. */
export const fillOf = ({ cores }: CardOnPaper): number => GROUPS_PER_CORE * cores;

export type Limit = "arithmetic" | "memory" | "few workgroups";

export interface ProductOnPaper {
  readonly product: StepProduct;
  readonly workgroups: number;
  readonly flops: number;
  /** Of operands and result, each once. */
  readonly leastBytes: number;
  /** The same, and what the parts of a split product write and read. */
  readonly bytes: number;
  /** The least time that one product takes, and what sets it. */
  readonly seconds: number;
  readonly limit: Limit;
}

/** Dispatches follow each other by so much at best; measured by others on native drivers, here a guess. */
const DISPATCH_SECONDS = 3e-6;

/**
 * One product on a card: the longest of its arithmetic at full rate, the same on the cores it occupies, and its bytes at
 * full bandwidth (operands and result once; parts of a split product written and read once more).
 */
export function productOnPaper(
  product: StepProduct,
  card: CardOnPaper,
  { tile, parts }: SharedPlan,
): ProductOnPaper {
  const { m, n } = product;
  const [rows, columns] = [sideOf(tile, 0).length, sideOf(tile, 1).length];
  const workgroups = Math.ceil(m / rows) * Math.ceil(n / columns) * parts;
  const flops = flopsOf(product);
  const leastBytes = 4 * numbersOf(product);
  const bytes = leastBytes + (parts > 1 ? 4 * 2 * parts * m * n : 0);
  const arithmetic = flops / card.flops;
  // rounds of workgroups, of which the last one fills only a part of the chip; results past the edges cost as well
  const rounds = Math.ceil(workgroups / card.cores);
  const occupied = (2 * rounds * rows * columns * (product.k / parts) * card.cores) / card.flops;
  const memory = bytes / card.bandwidth;
  const least = Math.max(occupied, memory);
  const limit: Limit =
    memory >= occupied ? "memory" : occupied > 1.25 * arithmetic ? "few workgroups" : "arithmetic";
  const dispatches = parts > 1 ? 2 : 1;
  return {
    ...{ product, workgroups, flops, leastBytes, bytes, limit },
    seconds: least + dispatches * DISPATCH_SECONDS,
  };
}
