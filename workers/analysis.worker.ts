import { expose } from "comlink";
import type { AnalysisApi } from "../src/common/protocol/analysis";
import { createAnalysisSession } from "../src/sessions/analysis/analysisSession";
import { workerEnvironment } from "./environment";

/** Looks into checkpoints: hidden states, samples and maps, while the trainer goes on in its own worker. */
expose(createAnalysisSession(workerEnvironment()) satisfies AnalysisApi);
