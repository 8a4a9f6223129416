import type { FeaturesApi } from "../src/common/protocol/features";
import { createFeaturesSession } from "../src/sessions/features/featuresSession";
import { workerEnvironment } from "./environment";
import { serve } from "./serve";

/** Images to latents and encoder features, weights and data sets, written straight to storage. */
serve(createFeaturesSession(workerEnvironment()) satisfies FeaturesApi);
