import type { StudioBackend } from "../kernels/studioBackend";
import { projectorScope } from "../models/projector";
import { createFlatState } from "./flatState";
import type { RunKind } from "./replay";
import { createStepSetup, setupKey, type StepSetup } from "./stepSetup";
import type { Trainer } from "./trainer";
import { createTrainState, disposeState, type TrainState } from "./trainState";
import type { StepOptions, TrainBatch } from "./trainStep";
import { updateNumbers } from "./updateNumbers";

export interface DeviceTrainer extends Trainer {
  /** How the last step was done. */
  readonly lastRun: () => RunKind;
}

/**
 * Trains on the studio's WebGPU backend: the state lies in flat buffers that the update changes in place; a step
 * is recorded once and replayed. It computes what `trainStep` does. Takes ownership of `initial`.
 * @param replays false: every step is encoded anew, for comparison
 */
export function createDeviceTrainer(
  backend: StudioBackend,
  initial: TrainState,
  { replays = true }: { readonly replays?: boolean } = {},
): DeviceTrainer {
  let flat = createFlatState(backend, initial);
  let { step, projectorSteps } = initial;
  disposeState(initial);
  let setup: StepSetup | undefined;
  /** The key of the last setup whose programs are compiled. */
  let compiled = "";

  const setupFor = (batch: TrainBatch, options: StepOptions): StepSetup => {
    if (setup?.key === setupKey(backend, batch, options)) return setup;
    setup?.dispose();
    setup = undefined;
    setup = createStepSetup(backend, flat, batch, options, replays);
    return setup;
  };
  const state = (): TrainState => ({ ...flat.maps, step, projectorSteps });

  return {
    state,
    lastRun: () => setup?.lastRun() ?? "encoded",
    prepare: async (batch, options, onProgress) => {
      const opened = setupFor(batch, options);
      if (opened.key === compiled) return;
      await opened.compile(onProgress);
      compiled = opened.key;
    },
    step: (batch, options) => {
      const advanced = { ...projectorSteps };
      for (const scope of options.alignment.projectors.map(projectorScope)) {
        advanced[scope] = (advanced[scope] ?? 0) + 1;
      }
      const counts = { step: step + 1, projectorSteps: advanced };
      const numbers = updateNumbers(flat.layout.segments, options, counts);
      const { onProgress } = options;
      const run = () => setupFor(batch, options).run(batch, options, numbers);
      const logged = onProgress
        ? backend.following(run, (done, all) => onProgress({ part: "gpu", done, all }))
        : run();
      ({ step, projectorSteps } = counts);
      return logged;
    },
    extend: (values) => {
      setup?.dispose();
      setup = undefined;
      const added = createTrainState(values);
      const old = flat;
      flat = createFlatState(backend, {
        params: { ...old.maps.params, ...added.params },
        ema: { ...old.maps.ema, ...added.ema },
        expAvg: { ...old.maps.expAvg, ...added.expAvg },
        expAvgSq: { ...old.maps.expAvgSq, ...added.expAvgSq },
        step,
        projectorSteps,
      });
      old.dispose();
      disposeState(added);
    },
    dispose: () => {
      setup?.dispose();
      flat.dispose();
    },
  };
}
