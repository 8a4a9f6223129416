import { AUTOENCODER_IDS, autoencoderRow } from "../../../common/catalogue/autoencoders";
import { ENCODER_ROWS, encoderRow } from "../../../common/catalogue/encoders";
import { INCEPTION_V3 } from "../../../common/catalogue/inceptionV3";
import {
  ImportedData,
  type ControlChange,
  type ExperimentGroup,
} from "../../../common/config/experiment";
import type { RunStatus } from "../../store/runSlice";
import { formatValue } from "./format";

export const GROUP_NAMES: Readonly<Record<ExperimentGroup, string>> = {
  data: "Data",
  autoencoder: "Autoencoder",
  model: "Model",
  alignment: "Alignment",
  transport: "Transport",
  optimizer: "Optimizer",
  sampling: "Sampling",
  evaluation: "Evaluation",
};

const OPTION_NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ENCODER_ROWS.map(({ id, label }) => [id, label])),
  [INCEPTION_V3.id]: INCEPTION_V3.label,
  emoji: "Emoji, built in",
  imported: "Imported",
  ...Object.fromEntries(AUTOENCODER_IDS.map((id) => [id, autoencoderRow(id).label])),
  sit: "SiT",
  cosine: "Cosine",
  ntxent: "NT-Xent",
  linear: "Linear",
  uniform: "Uniform",
  lognormal: "Log-normal",
  euler: "Euler (ODE)",
  heun: "Heun (ODE)",
  "euler-maruyama": "Euler–Maruyama (SDE)",
  custom: "Custom",
};

/** How an option of any setting reads; one without a name of its own is shown as it is stored. */
export const optionName = (value: string | number): string =>
  OPTION_NAMES[String(value)] ?? String(value);

export const encoderShort = (id: string): string =>
  ENCODER_ROWS.find((row) => row.id === id)?.short ?? id;

/** A setting's value as a person reads it. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "boolean") return value ? "on" : "off";
  if (value === null) return "none";
  if (typeof value === "number") return formatNumber(value);
  const imported = ImportedData.safeParse(value).data;
  if (imported) return `${imported.source} (${imported.images} at ${imported.resolution} px)`;
  return typeof value === "string" ? optionName(value) : "–";
}

const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : formatValue(value);

/** A live change in a few letters, for a mark on a chart: "λ 0.8", "depth 3". */
export function changeText(change: ControlChange): string {
  const parts: string[] = [];
  if (change.projCoeff !== undefined) parts.push(`λ ${formatNumber(change.projCoeff)}`);
  if (change.encoderDepth !== undefined) parts.push(`depth ${change.encoderDepth}`);
  if (change.encoders) parts.push(change.encoders.map((id) => encoderRow(id).short).join(" + "));
  if (change.objective) parts.push(optionName(change.objective));
  if (change.temperature !== undefined) parts.push(`τ ${formatNumber(change.temperature)}`);
  return parts.join(", ");
}

export interface PhaseLook {
  readonly text: string;
  readonly color: string;
  /** Something is going on: the dot pulses. */
  readonly busy: boolean;
}

export const PHASES: Readonly<Record<RunStatus, PhaseLook>> = {
  idle: { text: "Ready", color: "gray", busy: false },
  caching: { text: "Preparing caches", color: "blue", busy: true },
  loading: { text: "Loading", color: "blue", busy: true },
  compiling: { text: "Compiling", color: "blue", busy: true },
  training: { text: "Training", color: "teal", busy: true },
  evaluating: { text: "Evaluating", color: "violet", busy: true },
  paused: { text: "Paused", color: "yellow", busy: false },
  finished: { text: "Finished", color: "teal", busy: false },
  stopped: { text: "Stopped", color: "gray", busy: false },
  failed: { text: "Failed", color: "red", busy: false },
};

/** `changeText` where there is room for a word only, on a chart: several encoders are counted. */
export function markText(change: ControlChange): string {
  const many = change.encoders && change.encoders.length > 1 ? change.encoders.length : 0;
  if (many === 0) return changeText(change);
  const others = { ...change };
  delete others.encoders;
  return [changeText(others), `${many} encoders`].filter((part) => part !== "").join(", ");
}

/** First word of a class name, for a caption under a tile: "Smileys & Emotion" -> "Smileys". */
export const shortClassName = (classNames: readonly string[], label: number): string =>
  classNames[label]?.split(/[\s&]+/)[0] ?? `class ${label}`;
