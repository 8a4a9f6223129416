import { expose } from "comlink";
import type { FeaturesApi } from "../src/common/protocol/features";
import { createFeaturesSession } from "../src/sessions/features/featuresSession";
import { workerEnvironment } from "./environment";

/** Images to latents and encoder features, weights and data sets, written straight to storage. */
expose(createFeaturesSession(workerEnvironment()) satisfies FeaturesApi);
