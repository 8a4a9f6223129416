import { createStore, type StoreApi } from "zustand/vanilla";
import type { Experiment } from "../../common/config/experiment";
import { createAnalysisSlice, type AnalysisSlice } from "./analysisSlice";
import { createBandSlice, type BandSlice } from "./bandSlice";
import { createRecordedSlice, type RecordedSlice } from "./recordedSlice";
import { createPrefillSlice, type PrefillSlice } from "./prefillSlice";
import { createDataSlice, type DataSlice } from "./dataSlice";
import { createDatasetsSlice, type DatasetsSlice } from "./datasetsSlice";
import { createDeletionsSlice, type DeletionsSlice } from "./deletionsSlice";
import { createDeviceSlice, type DeviceSlice } from "./deviceSlice";
import { createExperimentSlice, initialExperiment, type ExperimentSlice } from "./experimentSlice";
import { createForksSlice, type ForksSlice } from "./forksSlice";
import { createLinkSlice, type LinkSlice } from "./linkSlice";
import { createMetricsSlice, type MetricsSlice } from "./metricsSlice";
import { createPreviewSlice, type PreviewSlice } from "./previewSlice";
import { createResultsSlice, type ResultsSlice } from "./resultsSlice";
import { createRunSlice, type RunSlice } from "./runSlice";
import { createRunsSlice, type RunsSlice } from "./runsSlice";
import { isActive } from "./runPhase";
import { createQueueSlice, type QueueSlice } from "./queueSlice";
import { createSamplesSlice, type SamplesSlice } from "./samplesSlice";
import { createSiteSlice, type SiteSlice } from "./siteSlice";
import { createViewSlice, type ViewSlice } from "./viewSlice";
import { createWeightsSlice, type WeightsSlice } from "./weightsSlice";

export type StudioState = ExperimentSlice &
  RunSlice &
  RunsSlice &
  QueueSlice &
  ForksSlice &
  ResultsSlice &
  MetricsSlice &
  SamplesSlice &
  DataSlice &
  DeletionsSlice &
  PrefillSlice &
  WeightsSlice &
  DatasetsSlice &
  PreviewSlice &
  AnalysisSlice &
  DeviceSlice &
  LinkSlice &
  BandSlice &
  RecordedSlice &
  SiteSlice &
  ViewSlice;

export type StudioStore = StoreApi<StudioState>;

/** A store of its own for every page (and every test); the app passes it down by context. */
export const createStudioStore = (
  experiment: Experiment,
  presetId: string | null = null,
): StudioStore =>
  createStore<StudioState>((set, get) => ({
    ...createExperimentSlice(set, initialExperiment(experiment, presetId), () =>
      isActive(get().run.phase),
    ),
    ...createRunSlice(set),
    ...createRunsSlice(set),
    ...createQueueSlice(set),
    ...createForksSlice(set),
    ...createResultsSlice(set),
    ...createMetricsSlice(),
    ...createSamplesSlice(),
    ...createDataSlice(set),
    ...createDeletionsSlice(set),
    ...createPrefillSlice(set),
    ...createWeightsSlice(set),
    ...createDatasetsSlice(set),
    ...createPreviewSlice(set),
    ...createAnalysisSlice(set),
    ...createDeviceSlice(set),
    ...createLinkSlice(set),
    ...createBandSlice(set),
    ...createRecordedSlice(set),
    ...createSiteSlice(set),
    ...createViewSlice(set),
  }));
