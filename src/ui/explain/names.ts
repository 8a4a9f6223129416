import { AUTOENCODER_IDS, autoencoderRow } from "../../catalogue/autoencoders";
import type { ControlChange, EncoderId, ExperimentGroup } from "../../config/experiment";
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

/** Encoders by what they are; the built-in ones are not DINOv2 and do not sound like it. */
export const ENCODER_NAMES: Readonly<Record<EncoderId, string>> = {
  "tiny-vit": "Tiny ViT, trained here",
  "tiny-vit-untrained": "Tiny ViT, untrained (control)",
  "patch-histogram": "Patch histograms (hand-made control)",
};

/** Short enough for a legend. */
export const ENCODER_SHORT: Readonly<Record<EncoderId, string>> = {
  "tiny-vit": "tiny-vit",
  "tiny-vit-untrained": "untrained",
  "patch-histogram": "histogram",
};

const OPTION_NAMES: Readonly<Record<string, string>> = {
  ...ENCODER_NAMES,
  emoji: "Emoji, built in",
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
  Object.entries(ENCODER_SHORT).find(([key]) => key === id)?.[1] ?? id;

/** A setting's value as a person reads it. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "boolean") return value ? "on" : "off";
  if (value === null) return "none";
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "string" ? optionName(value) : "–";
}

const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : formatValue(value);

/** A live change in a few letters, for a mark on a chart: "λ 0.8", "depth 3". */
export function changeText(change: ControlChange): string {
  const parts: string[] = [];
  if (change.projCoeff !== undefined) parts.push(`λ ${formatNumber(change.projCoeff)}`);
  if (change.encoderDepth !== undefined) parts.push(`depth ${change.encoderDepth}`);
  if (change.encoders) parts.push(change.encoders.map((id) => ENCODER_SHORT[id]).join(" + "));
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
