import { expose } from "comlink";
import type { TrainerApi } from "../src/common/protocol/trainer";
import { createTrainerSession } from "../src/sessions/run/trainerSession";
import { workerEnvironment } from "./environment";

/** One run at a time: steps, previews from EMA weights, hidden states of held-out images. */
expose(createTrainerSession(workerEnvironment()) satisfies TrainerApi);
