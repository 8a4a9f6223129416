import { z } from "zod";
import { StudioError } from "../../../src/common/errors/studioError";
import type { Workload } from "../../../src/engine/bench/workloads";
import { startPython } from "./process";
import { TorchBurst, TorchHello, TorchOpened, TorchProduct } from "./protocol";

/** "float32" is without tf32; "bfloat16" is autocast in a step, and the operands' type in a product. */
export type TorchPrecision = "float32" | "tf32" | "bfloat16" | "float16";

/** Float32 tensors one after another in a file, as torchStep.py reads them. */
export interface FloatFile {
  readonly path: string;
  readonly tensors: readonly (readonly [name: string, shape: readonly number[]])[];
}

export interface TorchRequest {
  readonly workload: Workload;
  readonly precision: TorchPrecision;
  readonly compiled: boolean;
  /** Steps whose losses are told; they compile and warm up. */
  readonly warmUp: number;
  /** First values and two batches; absent: torch makes random ones of the same shapes. */
  readonly data?: {
    readonly values: FloatFile;
    readonly batches: readonly (FloatFile & { readonly labels: readonly number[] })[];
  };
}

/** PyTorch in a process of its own. Every method throws StudioError BACKEND_FAILED with its reason. */
export interface TorchClient {
  readonly hello: TorchHello;
  /** Builds a variant under `key` and does its first steps. */
  readonly open: (key: string, request: TorchRequest, limitMs: number) => Promise<TorchOpened>;
  readonly burst: (key: string, steps: number, limitMs: number) => Promise<TorchBurst>;
  readonly close: (key: string) => Promise<void>;
  /** The rate of a square product of this side. */
  readonly product: (
    side: number,
    precision: TorchPrecision,
    limitMs: number,
  ) => Promise<TorchProduct>;
  /** Why it no longer answers; undefined while it does. */
  readonly ended: () => string | undefined;
  readonly end: () => void;
}

export interface TorchOptions {
  /** The program; absent: `PYTHON` of the environment, else python3 on PATH. */
  readonly python?: string;
  /** Absent: "cuda", or "cpu" where the environment says GPU_CHECK_TORCH=cpu, to try this without a GPU. */
  readonly device?: "cuda" | "cpu";
  /** For the process to start and import torch. */
  readonly limitMs?: number;
}

/** The first import from a cold disk takes this long, and more. */
const START_MS = 45_000;
const CLOSE_MS = 10_000;
const Closed = z.object({});

export const torchDevice = (): "cuda" | "cpu" =>
  process.env.GPU_CHECK_TORCH === "cpu" ? "cpu" : "cuda";

/**
 * PyTorch, where it is installed and has a GPU.
 * @param script torchStep.py: `places.torch`
 * @returns or why not, in words for the table: nothing stands in for it
 */
export async function openTorch(
  script: string,
  options: TorchOptions = {},
): Promise<{ readonly torch: TorchClient } | { readonly problem: string }> {
  const { device = torchDevice(), limitMs = START_MS } = options;
  const python = startPython(options.python ?? process.env.PYTHON ?? "python3", script, device);
  try {
    const hello = await python.ask("hello", {}, TorchHello, limitMs);
    const torch: TorchClient = {
      hello,
      open: (key, { workload, precision, compiled, warmUp, data }, limit) => {
        const fields = { key, precision, compiled, warmUp, workload: { ...workload, ...data } };
        return python.ask("open", fields, TorchOpened, limit);
      },
      burst: (key, steps, limit) => python.ask("burst", { key, steps }, TorchBurst, limit),
      close: async (key) => {
        await python.ask("close", { key }, Closed, CLOSE_MS);
      },
      product: (side, precision, limit) =>
        python.ask("product", { side, precision }, TorchProduct, limit),
      ended: python.ended,
      end: python.end,
    };
    return { torch };
  } catch (thrown) {
    python.end();
    if (thrown instanceof StudioError) return { problem: thrown.message };
    throw thrown;
  }
}
