import { createStore, type StoreApi } from "zustand/vanilla";
import type { Experiment } from "../config/experiment";
import { createDataSlice, type DataSlice } from "./dataSlice";
import { createDeviceSlice, type DeviceSlice } from "./deviceSlice";
import { createExperimentSlice, initialExperiment, type ExperimentSlice } from "./experimentSlice";
import { createLinkSlice, type LinkSlice } from "./linkSlice";
import { createMetricsSlice, type MetricsSlice } from "./metricsSlice";
import { createRunSlice, type RunSlice } from "./runSlice";
import { createSamplesSlice, type SamplesSlice } from "./samplesSlice";
import { createViewSlice, type ViewSlice } from "./viewSlice";

export type StudioState = ExperimentSlice &
  RunSlice &
  MetricsSlice &
  SamplesSlice &
  DataSlice &
  DeviceSlice &
  LinkSlice &
  ViewSlice;

export type StudioStore = StoreApi<StudioState>;

/** A store of its own for every page (and every test); the app passes it down by context. */
export const createStudioStore = (
  experiment: Experiment,
  presetId: string | null = null,
): StudioStore =>
  createStore<StudioState>((set) => ({
    ...createExperimentSlice(set, initialExperiment(experiment, presetId)),
    ...createRunSlice(set),
    ...createMetricsSlice(),
    ...createSamplesSlice(),
    ...createDataSlice(set),
    ...createDeviceSlice(set),
    ...createLinkSlice(set),
    ...createViewSlice(set),
  }));
