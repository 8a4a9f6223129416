import { expose } from "comlink";
import type { MetricsHost } from "../src/common/protocol/metrics";
import { createMetricsSession } from "../src/sessions/metrics/metricsSession";
import { serve } from "./serve";
import { createTurn } from "./turn";

const tools = { clockMs: () => performance.now(), turn: createTurn() };

/** CKNNA, KID, probes: float64 arithmetic without a GPU, asked for by trainer and analysis over a line each. */
serve({
  connect: (port) => {
    expose(createMetricsSession(tools), port);
    return Promise.resolve();
  },
} satisfies MetricsHost);
