import { expose } from "comlink";
import { expect, test } from "vitest";
import type { MetricsApi } from "../../common/protocol/metrics";
import { openMetricsLine } from "./metricsLine";

/** A clock that moves when it is told to. */
function handClock() {
  const waiting: (() => void)[] = [];
  return {
    wait: () => new Promise<void>((resolve) => waiting.push(resolve)),
    tick: async () => {
      for (const wake of waiting.splice(0)) wake();
      for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 5)); // messages arrive
    },
  };
}

type Answers = Partial<Pick<MetricsApi, "ping" | "cancel">>;

function lineTo(answers: Answers) {
  const { port1, port2 } = new MessageChannel();
  expose(answers, port1);
  const clock = handClock();
  return { clock, line: openMetricsLine(port2, clock.wait), close: () => port1.close() };
}

const never = () => new Promise<void>(() => undefined);

test("a call to a worker that is gone ends after two unanswered questions, and later calls at once", async () => {
  const { clock, line, close } = lineTo({ ping: never, cancel: never });
  let ended: unknown;
  const call = line.use((api) => api.cancel()).catch((thrown: unknown) => (ended = thrown));
  await clock.tick();
  expect(ended).toBeUndefined(); // the machine may have slept
  await clock.tick();
  await call;
  expect(ended).toMatchObject({ code: "WORKER_FAILED" });
  await expect(line.use((api) => api.cancel())).rejects.toMatchObject({ code: "WORKER_FAILED" });
  close();
});

test("a worker that answers may compute for as long as it takes", async () => {
  let finish: () => void = () => undefined;
  const { clock, line, close } = lineTo({
    ping: () => Promise.resolve(),
    cancel: () => new Promise<void>((resolve) => (finish = resolve)),
  });
  let ended = false;
  const call = line.use((api) => api.cancel()).then(() => (ended = true));
  for (let i = 0; i < 10; i++) await clock.tick();
  expect(ended).toBe(false);
  finish();
  await call;
  close();
});

test("whoever started the worker can say that it is gone", async () => {
  const { line, close } = lineTo({ ping: never, cancel: never });
  const call = line.use((api) => api.cancel());
  line.lose({ code: "WORKER_FAILED", message: "Its script did not load.", hint: "Reload." });
  await expect(call).rejects.toThrow("did not load");
  close();
});
