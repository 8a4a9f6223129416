import { expose } from "comlink";
import type { MetricsHost } from "../src/protocol/metrics";
import { createMetricsSession } from "../src/sessions/metricsSession";

/** CKNNA, KID, Fréchet: float64 arithmetic without a GPU, asked for by the trainer over its own line. */
expose({
  connect: (port) => {
    expose(createMetricsSession(), port);
    return Promise.resolve();
  },
} satisfies MetricsHost);
