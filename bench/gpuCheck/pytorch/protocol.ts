import { z } from "zod";
import { StudioError } from "../../../src/common/errors/studioError";

/** What torchStep.py says of itself. */
export const TorchHello = z.object({
  python: z.string(),
  torch: z.string(),
  /** Version of CUDA (or ROCm) that torch was built for; null when it computes on the CPU. */
  cuda: z.string().nullable(),
  /** The GPU's name, or the CPU's threads. */
  device: z.string(),
  /** Whether this version has torch.compile. */
  compiles: z.boolean(),
});
export type TorchHello = z.infer<typeof TorchHello>;

/** A number that may be none: `parseAnswer` makes null of NaN and infinities. */
const Loss = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
/** [velocity loss, alignment loss, gradient norm] */
const Losses = z.tuple([Loss, Loss, Loss]);

/** A variant that is open, after its first steps. */
export const TorchOpened = z.object({
  losses: z.array(Losses),
  /** Compilation included where it is compiled. */
  firstStepMs: z.number(),
  /** Most bytes of GPU memory allocated for it; null on the CPU. */
  memoryBytes: z.number().nullable(),
});
export type TorchOpened = z.infer<typeof TorchOpened>;

/** Milliseconds of a step of a burst, on average. */
export const TorchBurst = z.object({
  ms: z.number(),
  /** Python's part: until control returned. */
  hostMs: z.number(),
  losses: Losses,
});
export type TorchBurst = z.infer<typeof TorchBurst>;

export const TorchProduct = z.object({ gflops: z.number(), ms: z.number() });
export type TorchProduct = z.infer<typeof TorchProduct>;

const Answer = z.union([
  z.looseObject({ id: z.number(), ok: z.literal(true) }),
  z.object({ id: z.number(), ok: z.literal(false), problem: z.string() }),
]);
export type Answer = z.infer<typeof Answer>;

/** PyTorch said that it cannot, or its process ended. */
export const torchError = (problem: string): StudioError =>
  new StudioError(
    "BACKEND_FAILED",
    problem,
    "PyTorch is a comparison only: what the studio computes does not depend on it.",
  );

/** Whole lines of what came so far, and the rest of the last one. */
export function splitLines(text: string): { lines: string[]; rest: string } {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  return { lines: lines.filter((line) => line.trim() !== ""), rest };
}

/** @throws StudioError BACKEND_FAILED when a line is no answer */
export function parseAnswer(line: string): Answer {
  // Python's json writes what JSON has no words for
  const text = line.replace(/-?\b(?:NaN|Infinity)\b/g, "null");
  const json = (() => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  })();
  const parsed = Answer.safeParse(json);
  if (parsed.success) return parsed.data;
  throw torchError(`PyTorch's process answered "${line.slice(0, 200)}", which is no answer.`);
}
