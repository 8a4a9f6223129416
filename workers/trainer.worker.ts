import type { TrainerApi } from "../src/common/protocol/trainer";
import { createTrainerSession } from "../src/sessions/run/trainerSession";
import { workerEnvironment } from "./environment";
import { serve } from "./serve";

/** One run at a time: steps, previews from EMA weights, hidden states of held-out images. */
serve(createTrainerSession(workerEnvironment()) satisfies TrainerApi);
