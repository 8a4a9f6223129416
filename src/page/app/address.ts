import { Experiment } from "../../common/config/experiment";
import { PRESETS } from "../../common/config/presets";
import type { BackendChoice } from "../../common/protocol/shared";

/** What the address asks for: `?preset=ID&backend=auto|webgpu|wasm|cpu&seed=N&restore=no`. Nothing ever starts by itself. */
export interface Address {
  readonly presetId: string;
  /** True when the address itself names the preset. */
  readonly presetAsked: boolean;
  readonly experiment: Experiment;
  readonly backend: BackendChoice;
  /** False where the newest stored run is not to be shown: for a page that it breaks. */
  readonly restore: boolean;
}

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu"];

/** Reads the query; what it does not understand is left at the default. */
export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const [first] = PRESETS;
  const preset = PRESETS.find(({ id }) => id === query.get("preset")) ?? first;
  const experiment = preset?.experiment ?? Experiment.parse({});
  return {
    presetId: preset?.id ?? "",
    presetAsked: query.has("preset"),
    experiment: withSeed(experiment, query.get("seed")),
    backend: BACKENDS.find((backend) => backend === query.get("backend")) ?? "auto",
    restore: query.get("restore") !== "no",
  };
}

function withSeed(experiment: Experiment, text: string | null): Experiment {
  if (text === null || text.trim() === "") return experiment;
  const optimizer = { ...experiment.optimizer, seed: Number(text) };
  const parsed = Experiment.safeParse({ ...experiment, optimizer });
  return parsed.success ? parsed.data : experiment;
}
