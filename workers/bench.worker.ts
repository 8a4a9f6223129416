import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { measureForPage } from "../src/engine/bench/pageBench";
import { browserGpu } from "../src/common/gpu/browserGpu";
import type { BenchApi } from "../src/common/protocol/bench";
import { outcomeOf } from "../src/sessions/common/outcome";
import { serve } from "./serve";

/** Training steps on this machine's GPU, timed: what the page behind ?bench asks for. */
serve({
  run: (request, onProgress) =>
    outcomeOf(() =>
      measureForPage(
        request,
        {
          gpu: browserGpu(),
          gpuClasses: "GPUDevice" in self ? self : undefined,
          clockMs: () => performance.now(),
          heapBytes: () => null,
        },
        onProgress,
      ),
    ),
} satisfies BenchApi);
