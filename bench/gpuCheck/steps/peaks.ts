import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { linearProduct, PRODUCTS } from "../../../src/engine/bench/matmulPeak";
import type { StudioBackend } from "../../../src/engine/kernels/studioBackend";
import { stageFile } from "../stage";
import type { TorchClient } from "../pytorch/client";
import type { Contestant, StepPrecision } from "./contestant";

/** The best rate of a large square product. */
export interface Peak {
  readonly backend: "studio" | "tfjs" | "torch";
  readonly precision: StepPrecision;
  readonly side: number;
  readonly gflops: number;
}

const Product = z.object({
  backend: z.enum(["studio", "tfjs", "torch"]),
  precision: z.enum(["float32", "tf32", "float16", "bfloat16"]),
  side: z.number(),
  gflops: z.number(),
});
const Ceilings = z.object({ products: z.array(z.unknown()) });

/** The best of each backend and precision; other entries are left out, products that are not square among them. */
export function bestProducts(products: readonly unknown[]): Peak[] {
  const best = new Map<string, Peak>();
  for (const entry of products) {
    const parsed = Product.safeParse(entry);
    if (!parsed.success) continue;
    const { backend, precision, gflops } = parsed.data;
    const key = `${backend} ${precision}`;
    if (gflops > (best.get(key)?.gflops ?? 0)) best.set(key, parsed.data);
  }
  return [...best.values()];
}

/** What the stage "ceilings" of the same check measured; empty where it did not. */
export function ceilingsIn(out: string): Peak[] {
  const path = join(out, stageFile("ceilings"));
  if (!existsSync(path)) return [];
  const parsed = Ceilings.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return parsed.success ? bestProducts(parsed.data.products) : [];
}

/** The peak a variant is held against: of its own library and precision; ours has the better of ours and tfjs'. */
export function peakOf(
  { library, precision }: Pick<Contestant, "library" | "precision">,
  peaks: readonly Peak[],
): Peak | undefined {
  return peaks
    .filter((peak) => peak.precision === precision)
    .filter(({ backend }) => (library === "torch") === (backend === "torch"))
    .sort((a, b) => b.gflops - a.gflops)[0];
}

const ROUNDS = 4;

/** One product of the studio's on the backend in force. */
export async function studioPeak(
  backend: StudioBackend,
  precision: "float32" | "float16",
  side: number,
  clockMs: () => number,
): Promise<Peak> {
  backend.mixedPrecision = precision === "float16";
  const { run, close } = await linearProduct("studio").open(side);
  let ms = Infinity;
  for (let round = 0; round <= ROUNDS; round++) {
    const start = clockMs();
    await run();
    if (round > 0) ms = Math.min(ms, (clockMs() - start) / PRODUCTS); // the first one compiles
  }
  close();
  backend.mixedPrecision = false;
  return { backend: "studio", precision, side, gflops: (2 * side ** 3) / ms / 1e6 };
}

const PRODUCT_MS = 20_000;

/** PyTorch's products in the precisions its steps have; one that fails is left out. */
export async function torchPeaks(torch: TorchClient, side: number): Promise<Peak[]> {
  const peaks: Peak[] = [];
  const precisions = ["float32", "tf32", "bfloat16"] as const;
  const known = torch.hello.cuda === null ? precisions.filter((x) => x !== "tf32") : precisions;
  for (const precision of known) {
    const found = await torch.product(side, precision, PRODUCT_MS).catch(() => undefined);
    if (found) peaks.push({ backend: "torch", precision, side, gflops: found.gflops });
  }
  return peaks;
}
