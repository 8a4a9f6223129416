import { availableParallelism } from "node:os";
import type { Workload } from "../../../src/engine/bench/workloads";
import { openTorch, type TorchClient, type TorchPrecision } from "../pytorch/client";
import { torchError, type TorchHello } from "../pytorch/protocol";
import { WARM_UP, type Contestant } from "./contestant";
import type { WorkloadNumbers } from "./values";

/** PyTorch's variants share processes by lane: one that compiles for too long is ended alone. */
export interface TorchLane {
  readonly compiled: boolean;
  readonly precisions: readonly Exclude<TorchPrecision, "float16">[];
}

const PRECISIONS: TorchLane["precisions"] = ["float32", "tf32", "bfloat16"];

/** The processes of a machine with so many cores: where there are enough, precisions compile side by side. */
export function torchLanes(
  hello: TorchHello,
  device: "cuda" | "cpu",
  cores = availableParallelism(),
): TorchLane[] {
  // tf32 is a mode of NVIDIA's tensor cores
  const precisions = PRECISIONS.filter((name) => device === "cuda" || name !== "tf32");
  const eager: TorchLane = { compiled: false, precisions };
  if (!hello.compiles) return [eager];
  const backwards = [...precisions].reverse(); // where time ends, the quickest one was compiled
  if (cores < 8) return [eager, { compiled: true, precisions: backwards }];
  return [eager, ...backwards.map((name) => ({ compiled: true, precisions: [name] }))];
}

/** A lane's process, started anew when the last one was ended. */
export interface LaneProcess {
  readonly lane: TorchLane;
  /** Starts the process before it is asked for. */
  readonly start: () => void;
  /** @throws StudioError BACKEND_FAILED when it does not start */
  readonly client: () => Promise<TorchClient>;
  readonly end: () => void;
}

/** @param first a process that is there already */
export function laneProcess(script: string, lane: TorchLane, first?: TorchClient): LaneProcess {
  let current: ReturnType<typeof openTorch> | undefined =
    first && Promise.resolve({ torch: first });
  const client = async (): Promise<TorchClient> => {
    current ??= openTorch(script);
    const before = await current;
    if ("torch" in before && before.torch.ended() !== undefined) current = openTorch(script);
    const opened = await current;
    if ("torch" in opened) return opened.torch;
    throw torchError(opened.problem);
  };
  return {
    lane,
    start: () => void (current ??= openTorch(script)),
    client,
    end: () => void current?.then((opened) => "torch" in opened && opened.torch.end()),
  };
}

/** A burst that takes longer than this has hung. */
const BURST_MS = 60_000;

/** PyTorch's ways of doing the step, lane by lane. */
export const torchContestants = (
  workload: Workload,
  { torchData }: Pick<WorkloadNumbers, "torchData">,
  { lane, client }: LaneProcess,
): Contestant[] =>
  lane.precisions.map((precision) => {
    const id = `torch-${lane.compiled ? "compiled" : "eager"}-${precision}`;
    return {
      id,
      label: `PyTorch, ${lane.compiled ? "compiled" : "eager"}, ${precision}`,
      library: "torch",
      precision,
      open: async (limitMs) => {
        const startMs = performance.now();
        const torch = await client();
        const leftMs = limitMs - (performance.now() - startMs);
        const { compiled } = lane;
        const request = { workload, precision, compiled, warmUp: WARM_UP };
        const { losses, firstStepMs, memoryBytes } = await torch.open(
          id,
          { ...request, ...(torchData && { data: torchData }) },
          leftMs,
        );
        return {
          start: { compileMs: null, firstStepMs, memoryBytes, losses, tuning: null, gpu: null },
          burst: (steps) => torch.burst(id, steps, BURST_MS),
          close: () => torch.close(id),
        };
      },
    };
  });
