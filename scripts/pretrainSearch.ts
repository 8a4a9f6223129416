/**
 * `npm run pretrain:search -- [--steps N] [NAME ...]`: short trainings of the second encoder that differ in the weights of
 * its loss, each with its quality on held-out concepts as one line of JSON. One seed; a variant alone gives the same line.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { encoderRecipe } from "./pretrain/encoder";
import { measureParams, readSubcategories } from "./pretrain/encoderQuality";
import { loadImages, startWasm } from "./pretrain/runtime";
import { TOKEN_OBJECTIVE, tokenEncoderRecipe, type TokenObjective } from "./pretrain/tokenEncoder";
import { publishedParams, train } from "./pretrain/trainer";

const SEED = 0;
const VARIANTS: Readonly<Record<string, TokenObjective>> = {
  all: TOKEN_OBJECTIVE,
  "averaged alone": { averaged: 1, quarters: 0, places: 0, local: 0 },
  "without quarters": { ...TOKEN_OBJECTIVE, quarters: 0 },
  "without places": { ...TOKEN_OBJECTIVE, places: 0 },
  "without local": { ...TOKEN_OBJECTIVE, local: 0 },
};
/** The first encoder's training, in as many steps. */
const FIRST = "first encoder";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: "string", default: "250" } },
});
const steps = z.coerce.number().int().min(1).parse(values.steps);
const names = z
  .array(z.enum([FIRST, ...Object.keys(VARIANTS)]))
  .parse(positionals.length > 0 ? positionals : [FIRST, ...Object.keys(VARIANTS)]);
await startWasm();
const data = await loadImages();
const subcategoryOf = await readSubcategories(data);
for (const name of names) {
  const weights = VARIANTS[name];
  const recipe =
    weights === undefined
      ? encoderRecipe(data, steps, SEED)
      : tokenEncoderRecipe(data, steps, SEED, weights);
  const state = await train(recipe, { cacheDir: `.cache/pretrain-search/${name}`, resume: false });
  const figures = await measureParams(data, subcategoryOf, publishedParams(state));
  console.log(JSON.stringify({ name, steps, seconds: Math.round(state.seconds), ...figures }));
}
