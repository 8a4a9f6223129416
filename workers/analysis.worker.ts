import type { AnalysisApi } from "../src/common/protocol/analysis";
import { createAnalysisSession } from "../src/sessions/analysis/analysisSession";
import { workerEnvironment } from "./environment";
import { serve } from "./serve";

/** Looks into checkpoints: hidden states, samples and maps, while the trainer goes on in its own worker. */
serve(createAnalysisSession(workerEnvironment()) satisfies AnalysisApi);
