import * as tf from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { BenchProgress, BenchRequest, BenchResult } from "../../common/protocol/bench";
import { measure, type MeasureEnvironment } from "./measure";
import { prepareWebGpu } from "./webGpu";
import { fusedWebGpu, replayedWebGpu, stockWebGpu, webGpuProducts } from "./webGpuVariants";
import { workloadById } from "./workloads";

/** Rounds before the timed ones: the first compiles, the second records, the third replays. */
const WARM_UP = 3;
const STEPS = 20;
/** On an adapter where a plain step takes seconds. */
const SOFTWARE_STEPS = 3;

export interface PageBenchEnvironment extends Omit<MeasureEnvironment, "report" | "onRound"> {
  readonly gpu: GPU | undefined;
}

/**
 * Plain tfjs, the fused step and the replayed one on this machine's adapter, in turn.
 * @throws StudioError NO_WEBGPU without an adapter; BAD_CONFIG when there is no such workload
 */
export async function measureForPage(
  request: BenchRequest,
  environment: PageBenchEnvironment,
  onProgress: (progress: BenchProgress) => void,
): Promise<BenchResult> {
  const { clockMs, gpu } = environment;
  const { batch, slowBatch } = workloadById(request.workload);
  let [done, all] = [0, 0];
  const report = (text: string) => onProgress({ text, done, all });
  report("Opening the GPU");
  tf.enableProdMode();
  const gpuErrors: string[] = [];
  const webgpu = await prepareWebGpu(gpu, (message) => gpuErrors.push(message), clockMs);
  if (!webgpu) {
    throw new StudioError(
      "NO_WEBGPU",
      "This browser offers no WebGPU adapter, so there is nothing to measure.",
      "Use a current Chrome or Edge with hardware acceleration on.",
    );
  }
  const { software } = webgpu;
  report("Measuring large matrix products");
  const measured = await measure(
    {
      workload: workloadById(request.workload, request.batch ?? (software ? slowBatch : batch)),
      grounds: { webgpu, clockMs },
      variants: [stockWebGpu, fusedWebGpu, replayedWebGpu],
      products: webGpuProducts({ webgpu, clockMs }),
      steps: request.steps ?? (software ? SOFTWARE_STEPS : STEPS),
      warmUp: WARM_UP,
    },
    {
      ...environment,
      report,
      onRound: (round, rounds) => {
        [done, all] = [round, rounds];
      },
    },
  );
  return { ...measured, adapter: webgpu.adapter, software, gpuErrors };
}
