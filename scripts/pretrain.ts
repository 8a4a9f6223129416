/**
 * Trains the built-in autoencoder and encoder with this project's own layers, and writes public/models:
 * `npm run pretrain -- [autoencoder|encoder|encoder-2] [--steps N] [--resume] [--publish] [--evaluate] [--date D] [--note TEXT]`.
 *
 * Without a name the autoencoder and the first encoder are done, one after the other; they may also run as processes side by side.
 * --resume goes on from the last checkpoint in .cache/pretrain; --publish writes weights and card from
 * that checkpoint without training; --evaluate measures the committed files again and rewrites the
 * figures in their cards. One seed on one machine gives the same weights.
 */
import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { TINY_VIT } from "../src/common/catalogue/encoders";
import type { InMemoryDataset } from "./pretrain/inMemory";
import {
  AutoencoderCard,
  EncoderCard,
  parseCard,
  type QualityTable,
} from "../src/engine/encoders/modelCard";
import {
  autoencoderRecipe,
  AUTOENCODER_BATCH,
  AUTOENCODER_OBJECTIVE,
  TINY_KL,
} from "./pretrain/autoencoder";
import { measureAutoencoder, measureScalingFactor } from "./pretrain/autoencoderQuality";
import { encoderRecipe, ENCODER_BATCH, ENCODER_OBJECTIVE, withoutHeads } from "./pretrain/encoder";
import { measureEncoder, readSubcategories } from "./pretrain/encoderQuality";
import { roundedToHalf, writeCard, writeWeights } from "./pretrain/publish";
import { CACHE_DIR, loadImages, MODELS_DIR, readFrom, startWasm } from "./pretrain/runtime";
import {
  TOKEN_ENCODER_BATCH,
  TOKEN_ENCODER_OBJECTIVE,
  tokenEncoderRecipe,
  withoutLocalMap,
} from "./pretrain/tokenEncoder";
import {
  loadState,
  publishedParams,
  stateFile,
  train,
  type PretrainState,
  type Recipe,
} from "./pretrain/trainer";

const SEED = 0;
const PLANNED_STEPS = { autoencoder: 2400, encoder: 1250, "encoder-2": 2000 } as const;
type Target = keyof typeof PLANNED_STEPS;

const readModel = readFrom(MODELS_DIR);
const SPLIT = "a fixed tenth of the concepts, in both styles, is held out and never trained on";
const DATA = "built-in images: Noto Emoji and Twemoji, 64 px over white (public/emoji/emoji.json)";
const LICENCE =
  "MIT; trained on Noto Emoji (Apache-2.0) and Twemoji (CC BY 4.0, credited in NOTICE)";
const UNMEASURED: QualityTable = { measuredOn: "nothing yet", measures: {}, rows: [] };

interface Job {
  readonly data: InMemoryDataset;
  readonly backend: string;
  readonly steps: number;
  readonly date: string;
  readonly note: string;
}

const RECIPES = {
  autoencoder: autoencoderRecipe,
  encoder: encoderRecipe,
  "encoder-2": tokenEncoderRecipe,
} as const;
const recipeOf = (target: Target, { data, steps }: Job): Recipe =>
  RECIPES[target](data, steps, SEED);

/** What differs between the two encoders' cards. */
const ENCODERS = {
  encoder: {
    id: "tiny-vit",
    label: "Tiny ViT (trained here)",
    is: "A small vision transformer trained by this project without labels on the built-in images: views and the two drawing styles of one concept are drawn together.",
    own: withoutHeads,
    training: { objective: ENCODER_OBJECTIVE, batch: ENCODER_BATCH },
  },
  "encoder-2": {
    id: "tiny-vit-2",
    label: "Tiny ViT 2 (trained here)",
    is: "The network of tiny-vit, trained by this project without labels on the built-in images for what its tokens are used for: views and the two drawing styles of one concept are drawn together by their averaged tokens, by their quarters and by place.",
    own: withoutLocalMap,
    training: { objective: TOKEN_ENCODER_OBJECTIVE, batch: TOKEN_ENCODER_BATCH },
  },
} as const;
type EncoderTarget = keyof typeof ENCODERS;

const facts = (target: Target, job: Job, state: PretrainState) => ({
  data: DATA,
  split: SPLIT,
  optimizer:
    target === "autoencoder"
      ? "AdamW, betas 0.9 and 0.99, peak 2e-3, 100 steps of warm-up, cosine to 0, clip 1"
      : "AdamW, betas 0.9 and 0.99, peak 1e-3, 50 steps of warm-up, cosine to 0, clip 1, weight decay 0.05",
  steps: state.step,
  plannedSteps: Math.max(job.steps, state.step),
  seed: SEED,
  command: `npm run pretrain -- ${target} --steps ${job.steps}`,
  seconds: Math.round(state.seconds),
  backend: job.backend,
  date: job.date,
  note: job.note,
});

async function publishAutoencoder(job: Job, state: PretrainState): Promise<void> {
  const params = await roundedToHalf(state.params);
  const scalingFactor = await measureScalingFactor(job.data, params, TINY_KL);
  const training = facts("autoencoder", job, state);
  const card: AutoencoderCard = {
    id: "tiny-kl",
    label: "Tiny AutoencoderKL (trained here)",
    is: "An AutoencoderKL (diffusers' class and tensor names) of small width, 64 px images to 16x16x4 latents, trained by this project on the built-in images alone.",
    isNot: "The Stable Diffusion autoencoder. It knows emoji; other pictures come out poorly.",
    licence: LICENCE,
    ...(await writeWeights("tiny-kl", params)),
    preliminary: state.step < job.steps,
    config: { ...TINY_KL, blockOutChannels: [...TINY_KL.blockOutChannels], scalingFactor },
    training: { ...training, objective: AUTOENCODER_OBJECTIVE, batch: AUTOENCODER_BATCH },
    quality: UNMEASURED,
  };
  await writeCard("tiny-kl", card);
}

async function publishEncoder(
  target: EncoderTarget,
  job: Job,
  state: PretrainState,
): Promise<void> {
  const { id, label, is, own, training } = ENCODERS[target];
  const written = await writeWeights(id, own(publishedParams(state)));
  const card: EncoderCard = {
    ...{ id, label, is },
    isNot: "DINOv2 or any published encoder. It has seen nothing but the training emoji.",
    licence: LICENCE,
    ...written,
    preliminary: state.step < job.steps,
    config: TINY_VIT,
    training: { ...facts(target, job, state), ...training },
    quality: UNMEASURED,
  };
  await writeCard(id, card);
  console.log(
    `Set the version of ${id} in src/common/catalogue/encoders.ts to "1-${written.sha256.slice(0, 8)}".`,
  );
}

const printQuality = (name: string, { rows, measuredOn }: QualityTable) => {
  console.log(`${name}: ${measuredOn}`);
  console.table(Object.fromEntries(rows.map((row) => [row.name, row.figures])));
};

async function evaluate(target: Target, { data }: Job): Promise<void> {
  if (target === "autoencoder") {
    const card = parseCard(AutoencoderCard, "tiny-kl.json", await readModel("tiny-kl.json"));
    const quality = await measureAutoencoder(data, readModel);
    await writeCard("tiny-kl", { ...card, quality });
    printQuality(card.label, quality);
  } else {
    const { id } = ENCODERS[target];
    const card = parseCard(EncoderCard, `${id}.json`, await readModel(`${id}.json`));
    const quality = await measureEncoder(data, await readSubcategories(data), card, readModel);
    await writeCard(id, { ...card, quality });
    printQuality(card.label, quality);
  }
}

async function run(
  target: Target,
  job: Job,
  options: { resume: boolean; publish: boolean; evaluate: boolean },
): Promise<void> {
  if (!options.evaluate) {
    const recipe = recipeOf(target, job);
    const state = options.publish
      ? await loadState(stateFile(CACHE_DIR, recipe.name))
      : await train(recipe, { cacheDir: CACHE_DIR, resume: options.resume });
    if (target === "autoencoder") await publishAutoencoder(job, state);
    else await publishEncoder(target, job, state);
  }
  await evaluate(target, job);
}

const flag = { type: "boolean", default: false } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string" },
    date: { type: "string", default: new Date().toISOString().slice(0, 10) },
    note: { type: "string", default: "One run from the first step to the last." },
    resume: flag,
    publish: flag,
    evaluate: flag,
  },
});
const targets = z.array(z.enum(["autoencoder", "encoder", "encoder-2"])).parse(positionals);
await mkdir(MODELS_DIR, { recursive: true });
const backend = await startWasm();
const data = await loadImages();
for (const target of targets.length > 0 ? targets : (["autoencoder", "encoder"] as const)) {
  const steps = z.coerce
    .number()
    .int()
    .min(1)
    .parse(values.steps ?? PLANNED_STEPS[target]);
  await run(target, { data, backend, steps, date: values.date, note: values.note }, values);
}
