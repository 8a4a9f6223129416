import { ENCODER_ROWS, encoderRow } from "../catalogue/encoders";
import { StudioError } from "../errors/studioError";
import { AlignmentConfig, Experiment, OptimizerConfig } from "./experiment";
import { FAMILY_LABELS } from "./modelFamily";
import { nonDefaults } from "./nonDefaults";
import { SETTINGS, settingValue, type Setting } from "./settings";
import { dataShape, EMOJI_SHAPE } from "./sizes";
import type { ConfigIssue } from "./validate";

/** The experiment as the reference's trainer is started, and where the two part ways. */
export interface RepaCommand {
  /** `--name=value` or a bare switch, in the order of the reference's README. */
  readonly args: readonly string[];
  /** The whole line for a POSIX shell. */
  readonly command: string;
  /** Settings the trainer has no argument for, with what it does instead. */
  readonly unmatched: readonly ConfigIssue[];
}

/** Order of the reference's README; an argument that is not in it comes last. */
const README_ORDER = [
  "seed",
  "path-type",
  "weighting",
  "proj-coeff",
  "encoder-depth",
  "max-train-steps",
  "checkpointing-steps",
  "sampling-steps",
  "learning-rate",
  "adam-beta1",
  "adam-beta2",
  "adam-weight-decay",
  "max-grad-norm",
];
const placeOf = (name: string): number => (README_ORDER.indexOf(name) + 1 || Infinity) - 1;

/** The reference's arguments that mean the same as one of our settings, with the setting. */
const ARGUMENTS: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.flatMap((setting): [string, Setting][] => {
    const { trainer } = setting.info;
    return trainer && "argument" in trainer ? [[trainer.argument, setting]] : [];
  }).sort(([a], [b]) => placeOf(a) - placeOf(b)),
);

/** Arguments that say nothing about the experiment: ignored when a command is parsed. */
const IGNORED = new Set(
  "report-to allow-tf32 output-dir exp-name data-dir logging-dir num-workers resume-step fused-attn no-fused-attn epochs".split(
    " ",
  ),
);
/** Names whose only supported value is the one given here. */
const FIXED: Readonly<Record<string, string>> = {
  prediction: "v",
  "cfg-prob": "0.1",
  "adam-epsilon": "1e-08",
  resolution: "256",
  "num-classes": String(EMOJI_SHAPE.classes),
};
/** Values of --mixed-precision; the third, bf16, WebGPU does not have. */
const [HALF, FULL] = ["fp16", "no"];
/** These two are read together: their product is our batch size. */
const BATCH_SIZE = "batch-size";
const ACCUMULATION = "gradient-accumulation-steps";
const REFERENCE_MODELS = /^SiT-(S|B|L|XL)\/(2|4|8)$/;
/** What is read as a model: the trainer's own names, and those of DiT's train.py. */
const MODEL_NAMES = /^([SD]iT)-(S|B|L|XL)\/(2|4|8)$/;
/** --vae of generate.py; train.py decodes with the first. */
const VAE_ARGUMENT = { mse: "sd-vae-ft-mse", ema: "sd-vae-ft-ema" } as const;
const TRAINER_AUTOENCODER = VAE_ARGUMENT.mse;
const STAND_IN_ENCODER = "dinov2-vit-b";

/** The experiment's encoders as `--enc-type`, and those the released trainer cannot load. */
function encoderTypes({ encoders }: Experiment["alignment"]) {
  const rows = encoders.map(encoderRow);
  const known = rows.flatMap(({ encType }) => encType ?? []);
  return {
    encType: known.length > 0 ? known.join(",") : STAND_IN_ENCODER,
    strangers: rows.filter(({ encType }) => encType === undefined).map(({ id }) => id),
  };
}

const argumentText = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const referenceModel = ({ size, patchSize }: Experiment["model"]): string =>
  `SiT-${size}/${patchSize}`;

/** Settings of the experiment that the trainer has fixed at the default. */
const fixedInTrainer = (experiment: Experiment) =>
  nonDefaults(experiment).flatMap(({ setting: { path, info } }) =>
    info.trainer && "fixed" in info.trainer
      ? { path, applies: true, message: info.trainer.fixed }
      : [],
  );

/** What the trainer fixes in code, or leaves to other scripts. */
function unmatchedSettings(experiment: Experiment): ConfigIssue[] {
  const { data, autoencoder, model, alignment, sampling } = experiment;
  const { encType, strangers } = encoderTypes(alignment);
  const unmatched: (ConfigIssue & { applies: boolean })[] = [
    {
      path: "data.dataset",
      applies: true,
      message: `The trainer reads 256 px images and latents from --data-dir; the built-in ${dataShape(data).resolution} px images must be prepared for it.`,
    },
    {
      path: "autoencoder.id",
      applies: autoencoder.id !== TRAINER_AUTOENCODER,
      message: `The trainer uses ${TRAINER_AUTOENCODER} with its own latents, not ${autoencoder.id}.`,
    },
    {
      path: "alignment.encoders",
      applies: strangers.length > 0,
      message: `The released trainer cannot load ${strangers.join(", ")}; it aligns with ${encType} alone.`,
    },
    {
      path: "model.size",
      applies: !REFERENCE_MODELS.test(referenceModel(model)),
      message: `The trainer has no ${referenceModel(model)}; SiT-S/2 stands in. Add a row to SiT_models of models/sit.py for the same shape.`,
    },
    ...fixedInTrainer(experiment),
    {
      path: "sampling",
      applies: true,
      message:
        model.family === "dit"
          ? `DiT's sample.py samples with: ${ditSampleArgs(sampling).join(" ")}`
          : `Sampling is generate.py's: ${generateArgs(sampling, autoencoder.id).join(" ")}`,
    },
  ];
  return unmatched.filter(({ applies }) => applies).map(({ path, message }) => ({ path, message }));
}

/** The trainer's batch is what passes the network at once; an update takes as many as are accumulated. */
function batchArgs({ batchSize, microBatch }: Experiment["optimizer"]): string[] {
  if (microBatch === null) return [`--batch-size=${batchSize}`];
  return [
    `--batch-size=${microBatch}`,
    `--gradient-accumulation-steps=${Math.round(batchSize / microBatch)}`,
  ];
}

/** The sampler's settings as arguments of the reference's generate.py. */
const generateArgs = (
  sampling: Experiment["sampling"],
  autoencoder: Experiment["autoencoder"]["id"],
): string[] => [
  `--mode=${sampling.solver === "euler-maruyama" ? "sde" : "ode"}`,
  ...(sampling.solver === "heun" ? ["--heun"] : []),
  `--num-steps=${sampling.steps}`,
  `--cfg-scale=${sampling.guidanceScale}`,
  `--guidance-low=${sampling.guidanceLow}`,
  `--guidance-high=${sampling.guidanceHigh}`,
  ...Object.entries(VAE_ARGUMENT)
    .filter(([, id]) => id === autoencoder)
    .map(([name]) => `--vae=${name}`),
];

/** What DiT's sample.py has of the sampler's settings; it takes ancestral steps and guides three channels. */
const ditSampleArgs = ({ steps, guidanceScale }: Experiment["sampling"]): string[] => [
  `--num-sampling-steps=${steps}`,
  `--cfg-scale=${guidanceScale}`,
];

/**
 * The line that starts the same experiment with the reference's trainer, and what it cannot express.
 * @source sihyun-yu/REPA train.py parse_args and README, at 67f7145
 */
export function toRepaArgs(experiment: Experiment): RepaCommand {
  const model = referenceModel(experiment.model);
  const { encoderDepth, projCoeff } = experiment.alignment;
  const { encType } = encoderTypes(experiment.alignment);
  const args = [
    "--report-to=wandb",
    "--allow-tf32",
    `--mixed-precision=${experiment.optimizer.mixedPrecision ? HALF : FULL}`,
    `--model=${REFERENCE_MODELS.test(model) ? model : "SiT-S/2"}`,
    experiment.model.qkNorm ? "--qk-norm" : "--no-qk-norm",
    `--num-classes=${dataShape(experiment.data).classes}`,
    "--prediction=v",
    `--enc-type=${encType}`,
    ...[...ARGUMENTS].map(
      ([name, setting]) => `--${name}=${argumentText(settingValue(experiment, setting))}`,
    ),
    ...batchArgs(experiment.optimizer),
    "--resolution=256",
    "--output-dir=exps",
    `--exp-name=${experiment.transport.path}-${encType}-enc${encoderDepth}-coeff${projCoeff}`,
    "--data-dir=../data/imagenet256",
  ];
  return {
    args,
    command: ["accelerate launch train.py", ...args].join(" \\\n  "),
    unmatched: unmatchedSettings(experiment),
  };
}

/** Characters of the text that an issue repeats. */
const MAX_SAID = 120;

/** What documents make of a command line: dashes, quotes and spaces that no shell knows, and other shells' line ends. */
const asTyped = (text: string): string =>
  text
    .replaceAll(/[\u2018\u2019\u201a\u2032]/g, "'")
    .replaceAll(/[\u201c\u201d\u201e\u2033]/g, '"')
    .replaceAll(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, "")
    .replaceAll(/[\\^`]\r?\n/g, " ")
    .replaceAll(/(^|\s)(-[\u2010-\u2015\u2212]|[\u2010-\u2015\u2212]{1,2}-?)(?=[a-z])/gi, "$1--")
    .replaceAll(/[\u2010-\u2015\u2212]/g, "-");

interface GivenArguments {
  readonly given: Map<string, string | undefined>;
  /** Words that look like an argument and are none. */
  readonly strays: readonly string[];
}

const MAX_STRAYS = 20;

/** `--name=value`, `--name value` and bare switches of a command line, quotes and line ends removed. */
function readArguments(text: string): GivenArguments {
  const words = (asTyped(text).match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) =>
    word.replaceAll(/["']/g, ""),
  );
  const given = new Map<string, string | undefined>();
  const values = new Set<number>();
  const strays: string[] = [];
  words.forEach((word, i) => {
    const option = /^--([a-z][a-z0-9_-]*)(?:=(.*))?$/is.exec(word);
    if (!option) {
      // "-model" has lost a dash, "model=SiT-B/2" both; "KEY=1" before the command is the shell's
      const lostDash = /^-{1,3}[^\s-]/.test(word) && !/^-\d/.test(word);
      const lostBoth = given.size > 0 && /^[a-z][a-z0-9_-]*=/.test(word);
      if (!values.has(i) && (lostDash || lostBoth)) strays.push(word);
      return;
    }
    const next = words[i + 1];
    const apart = next === undefined || next.startsWith("--") ? undefined : next;
    if (option[2] === undefined && apart !== undefined) values.add(i + 1);
    const name = (option[1] ?? "").toLowerCase().replaceAll("_", "-");
    given.set(name, option[2] ?? apart);
  });
  return { given, strays: strays.slice(0, MAX_STRAYS) };
}

type Settings = Record<string, Record<string, unknown>>;

function put(settings: Settings, path: string, value: unknown) {
  const [group = "", key = ""] = path.split(".");
  (settings[group] ??= {})[key] = value;
}

/** The batch of an update from what the trainer passes at once and how often it accumulates. */
function takeBatch(settings: Settings, given: ReadonlyMap<string, string | undefined>) {
  const issues: ConfigIssue[] = [];
  const read = (name: string, otherwise: number): number => {
    if (!given.has(name)) return otherwise;
    const text = given.get(name) ?? "";
    const value = Number(text);
    if (text !== "" && Number.isInteger(value) && value > 0) return value;
    issues.push({ path: `--${name}`, message: `${text || "Nothing"} is not a legal value.` });
    return otherwise;
  };
  const atOnce = read(BATCH_SIZE, Experiment.parse({}).optimizer.batchSize);
  const accumulated = read(ACCUMULATION, 1);
  const { batchSize } = OptimizerConfig.shape;
  if (batchSize.safeParse(atOnce * accumulated).success) {
    put(settings, "optimizer.batchSize", atOnce * accumulated);
    if (accumulated > 1) put(settings, "optimizer.microBatch", atOnce);
  } else {
    issues.push({
      path: `--${BATCH_SIZE}`,
      message: `A batch of ${atOnce} times ${accumulated} is not a legal value.`,
    });
  }
  return issues;
}

/** The encoders of `--enc-type`, or why they are refused. */
function takeEncoders(settings: Settings, value: string | undefined): string | undefined {
  const named = (value ?? "").split(",");
  const ids = named.map((name) => ENCODER_ROWS.find(({ encType }) => encType === name)?.id);
  const unknown = named.filter((_, i) => ids[i] === undefined);
  if (unknown.length > 0) return `${unknown.join(", ") || "Nothing"} is not in the catalogue.`;
  const encoders = AlignmentConfig.shape.encoders.safeParse(ids);
  if (!encoders.success) return `${named.length} encoders are too many.`;
  put(settings, "alignment.encoders", encoders.data);
  return undefined;
}

/** Takes an argument that means the same as a setting. */
function takeSame(settings: Settings, name: string, value: string | undefined): string | undefined {
  const setting = ARGUMENTS.get(name);
  if (!setting) return "The studio has no such setting.";
  const isNumber = typeof setting.defaultValue === "number";
  const parsed = setting.schema.safeParse(isNumber && value ? Number(value) : value);
  if (value === undefined || !parsed.success) return `${value ?? "Nothing"} is not a legal value.`;
  put(settings, setting.path, parsed.data);
  return undefined;
}

function takeModel(settings: Settings, value: string | undefined): string | undefined {
  const [, name, size, patch] = MODEL_NAMES.exec(value ?? "") ?? [];
  if (size === undefined) return `${value ?? "It"} is not a model of the reference.`;
  if (name === FAMILY_LABELS.dit) put(settings, "model.family", "dit");
  put(settings, "model.size", size);
  put(settings, "model.patchSize", Number(patch));
  return undefined;
}

function takeMixedPrecision(settings: Settings, value: string | undefined): string | undefined {
  if (value !== HALF && value !== FULL) {
    return `${value ?? "It"} is not offered: ${HALF} or ${FULL} is.`;
  }
  put(settings, "optimizer.mixedPrecision", value === HALF);
  return undefined;
}

function takeAutoencoder(settings: Settings, value: string | undefined): string | undefined {
  if (value !== "mse" && value !== "ema") return `${value ?? "It"} is not mse or ema.`;
  put(settings, "autoencoder.id", VAE_ARGUMENT[value]);
  return undefined;
}

/** Takes one argument into `settings`, or returns why it could not. */
function takeArgument(
  settings: Settings,
  name: string,
  value: string | undefined,
): string | undefined {
  if (IGNORED.has(name)) return undefined;
  switch (name) {
    case "qk-norm":
    case "no-qk-norm":
      put(settings, "model.qkNorm", name === "qk-norm");
      return undefined;
    case "mixed-precision":
      return takeMixedPrecision(settings, value);
    case "enc-type":
      return takeEncoders(settings, value);
    case "vae":
      return takeAutoencoder(settings, value);
    case "model":
      return takeModel(settings, value);
  }
  if (Object.hasOwn(FIXED, name)) {
    const only = FIXED[name] ?? "";
    const same = value === only || Number(value) === Number(only);
    return same ? undefined : `Only ${only} is supported, not ${value ?? "nothing"}.`;
  }
  return takeSame(settings, name, value);
}

/**
 * Reads a command line of the reference's trainer. What the studio cannot take is an issue named by its
 * argument; settings the line does not mention keep the schema's defaults, which are the trainer's own.
 *
 * @throws StudioError BAD_CONFIG when the text holds no argument at all
 */
export function fromRepaArgs(text: string): {
  readonly experiment: Experiment;
  readonly issues: readonly ConfigIssue[];
} {
  const { given, strays } = readArguments(text);
  if (given.size === 0) {
    throw new StudioError(
      "BAD_CONFIG",
      `No argument found in ${text.length} characters of text.`,
      "Paste the whole command: accelerate launch train.py --model=SiT-B/2 ...",
    );
  }
  const settings: Settings = {};
  const issues: ConfigIssue[] = strays.map((word) => ({
    path: word.slice(0, MAX_SAID),
    message: "This is not read as an argument: it should begin with two dashes.",
  }));
  for (const [name, value] of given) {
    if (name === BATCH_SIZE || name === ACCUMULATION) continue; // together, below
    const message = takeArgument(settings, name, value);
    if (message === undefined) continue;
    issues.push({ path: `--${name.slice(0, MAX_SAID)}`, message: message.slice(0, 2 * MAX_SAID) });
  }
  issues.push(...takeBatch(settings, given));
  return { experiment: Experiment.parse(settings), issues };
}
