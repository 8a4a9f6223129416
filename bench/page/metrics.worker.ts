import { METRICS_TASKS } from "../metricsTasks";
import type { MetricsJob, MetricsWorkerMessage } from "./messages";

const send = (message: MetricsWorkerMessage) => self.postMessage(message);

/** A macro-task, as the metrics worker gives one between two blocks: messages (a cancel) come in. */
const turn = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

self.onmessage = async ({ data }: MessageEvent<MetricsJob>) => {
  try {
    const task = METRICS_TASKS.find(({ id }) => id === data.task);
    if (!task) throw new Error(`No task "${data.task}".`);
    let pauses = 0;
    await task.run(data.n, task.width, async () => {
      pauses++;
      await turn();
    });
    send({ kind: "done", pauses });
  } catch (error) {
    send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};
