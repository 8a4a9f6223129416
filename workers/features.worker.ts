import { expose } from "comlink";
import type { CachesApi } from "../src/protocol/features";
import { createCachesSession } from "../src/sessions/cachesSession";
import { workerEnvironment } from "./environment";

/** Images to latents and encoder features, written straight to storage. */
expose(createCachesSession(workerEnvironment()) satisfies CachesApi);
