import { transfer } from "comlink";
import type { RunEvent, StartRequest, TrainerApi } from "../../common/protocol/trainer";
import type { Outcome } from "../../common/protocol/shared";
import type { SessionEnvironment } from "../common/environment";
import { outcomeOf } from "../common/outcome";
import { openMetricsLine, type MetricsLine } from "../metrics/metricsLine";
import { createRunControl, noRun, type RunControl } from "./runControl";
import { StudioError } from "../../common/errors/studioError";
import type { ActiveRun } from "./loadRun";
import { runTraining } from "./trainingRun";

/** The trainer worker: one run at a time. Requests of the page take effect between two steps. */
export function createTrainerSession(environment: SessionEnvironment): TrainerApi {
  let metrics: MetricsLine | undefined;
  let control: RunControl | undefined;
  let run: ActiveRun | undefined;

  const start = async (request: StartRequest, onEvent: (event: RunEvent) => void) => {
    if (control) {
      throw new StudioError(
        "INTERNAL",
        "A run is active already.",
        "Stop it before starting another.",
      );
    }
    const own = createRunControl(request.pauseAfter);
    control = own;
    try {
      const setActive = (active: ActiveRun) => (run = active);
      await runTraining({ environment, request, onEvent, control: own, metrics, setActive });
      return null;
    } finally {
      own.close();
      control = undefined;
      run = undefined;
    }
  };

  /** Sends a request to the active run, served between two steps. */
  const atBoundary = <T>(use: (active: ActiveRun) => Promise<T>): Promise<Outcome<T>> => {
    const task = () => (run ? use(run) : Promise.reject(noRun()));
    return control ? control.atBoundary(task) : outcomeOf(task);
  };
  const tell = (use: (control: RunControl) => void) => {
    if (control) use(control);
    return Promise.resolve();
  };
  return {
    start: (request, onEvent) => outcomeOf(() => start(request, onEvent)),
    connectMetrics: (port) => {
      metrics = openMetricsLine(port, environment.wait);
      return Promise.resolve();
    },
    loseMetrics: (failure) => {
      metrics?.lose(failure);
      return Promise.resolve();
    },
    setControl: (change) => atBoundary((active) => active.setControl(change)),
    pause: () => tell((c) => c.pause()),
    resume: () => tell((c) => c.resume()),
    singleStep: () => tell((c) => c.singleStep()),
    stop: () => tell((c) => c.stop()),
    checkpoint: async () => {
      const outcome = await atBoundary((active) => active.checkpoint());
      return outcome.ok ? transfer(outcome, [outcome.value]) : outcome;
    },
  };
}
