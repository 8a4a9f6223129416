import { expose } from "comlink";
import type { CachesApi } from "../src/protocol/features";
import { createFeaturesSession } from "../src/sessions/featuresSession";
import { workerEnvironment } from "./environment";

/** Images to latents and encoder features, written straight to storage. */
expose(createFeaturesSession(workerEnvironment()) satisfies CachesApi);
