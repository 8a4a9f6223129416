import { StudioError, type Failure } from "../../src/common/errors/studioError";
import type { MemoryReport } from "../../src/common/protocol/trainer";
import { checkoutPlaces } from "../node/places";
import { openNodeStudio, type ExperimentProgress } from "../node/studio";
import { ROOT } from "../setup.mjs";
import { directDb } from "./directDb";
import type { EndedRun, StopReason } from "./endedRun";
import { withImages } from "./importFolder";
import { assertCanRun, type HeadlessOptions } from "./options";
import type { Progress } from "./progress";
import { createRunLog } from "./runLog";

const failureText = ({ code, message, hint }: Failure) => `${code}: ${message} ${hint}`;
/** What a run has taken: of the backend and of this process, caches and checkpoints included. */
function memoryText({ step, bytes, takenBytes }: MemoryReport): string {
  const gb = (count: number) => `${(count / 1e9).toFixed(2)} GB`;
  const taken = takenBytes === undefined ? "" : `${gb(takenBytes)} taken by the backend, `;
  const resident = gb(1024 * process.resourceUsage().maxRSS);
  return `memory at step ${step}: ${gb(bytes)} of tensors, ${taken}${resident} by the process at most`;
}

const MEBIBYTE = 2 ** 20;

/** Events of the sessions as the command's output. */
function show(progress: Progress, { part, event }: ExperimentProgress): void {
  if (event.type === "warning") return progress.note(failureText(event.failure));
  switch (part) {
    case "weights": {
      if (event.type !== "progress") return;
      const [done, total] = [event.doneBytes, event.allBytes].map((b) => Math.ceil(b / MEBIBYTE));
      return progress.amount({ what: event.key, done: done ?? 0, total: total ?? 0, unit: "MiB" });
    }
    case "caches": {
      if (event.type !== "progress") return;
      const { done, total, imagesPerSecond: rate } = event;
      return progress.amount({ what: "caching", done, total, unit: "images", rate });
    }
    case "run":
      if (event.type === "phase") progress.phase(event.phase);
      if (event.type === "steps") progress.points(event.points);
      if (event.type === "memory") progress.note(memoryText(event.memory));
  }
}

/** The experiment in this process: the sessions of the page's workers over Dawn, wasm or plain JavaScript. */
export async function runInNode(
  options: HeadlessOptions,
  state: string,
  progress: Progress,
  stopReason: StopReason,
): Promise<EndedRun> {
  const studio = await openNodeStudio(state, checkoutPlaces(ROOT, options.adapter));
  try {
    const { timeline, backend, download } = options;
    const experiment = await withImages(studio.environment, options, progress);
    assertCanRun(experiment, timeline, backend);
    const request = { experiment, timeline, backend, download, name: "Headless run" };
    const result = await studio.run(request, {
      onProgress: (event) => show(progress, event),
      onStarted: (runId, known) =>
        progress.note(known ? `Going on with run ${runId}.` : `Run ${runId} started.`),
      shouldStop: () => stopReason() !== null,
    });
    const log = createRunLog();
    log.add(result.points, result.measurements);
    const db = await studio.environment.openDatabase();
    return {
      record: result.record,
      log,
      reader: directDb(db),
      failure: result.failure && failureText(result.failure),
      close: async () => {
        db.close();
        await studio.close();
      },
    };
  } catch (thrown) {
    await studio.close();
    const reason = stopReason();
    if (reason === null || !(thrown instanceof StudioError) || thrown.code !== "CANCELLED") {
      throw thrown;
    }
    throw new StudioError(
      "CANCELLED",
      `Stopped before the first step: ${reason}.`,
      "The same command goes on: caches are kept shard by shard.",
    );
  }
}
