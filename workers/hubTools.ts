import { HUGGING_FACE } from "../src/sources/hub/hosts";
import type { HubTools } from "../src/sources/hub/hubClient";
import { pause } from "../src/sources/hub/pause";

/** A connection that gives nothing for this long has most likely gone with the network it ran through. */
const SILENT_MS = 30_000;

/** The model hub over this realm's network. */
export const hubTools: HubTools = {
  places: HUGGING_FACE,
  fetch: (url, init) => fetch(url, init),
  sleep: pause,
  silence: (signal) => pause(SILENT_MS, signal),
  nowMs: () => Date.now(),
};
