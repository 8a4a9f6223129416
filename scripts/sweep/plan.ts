import { withAllImages } from "../../src/common/config/imageEntries";
import { z } from "zod";
import { ENCODER_IDS } from "../../src/common/catalogue/encoders";
import { FEATURE_SPACE_IDS } from "../../src/common/catalogue/featureSpaces";
import type { Experiment } from "../../src/common/config/experiment";
import { presetById } from "../../src/common/config/presets";
import { StudioError } from "../../src/common/errors/studioError";
import { withSetting } from "../headless/withSetting";

const Settings = z.record(z.string(), z.json());

/** What a sweep runs and measures: the file `npm run sweep` is given. */
export const SweepPlan = z.strictObject({
  /** The preset every run starts from. */
  preset: z.string(),
  /** What its runs are called where they are shown; absent: as the preset. */
  name: z.string().min(1).max(80).optional(),
  /** Settings of every run that are not the preset's; no part of a run's name. */
  base: Settings.default({}),
  /** Values by setting, `group.key`: every combination is run. */
  settings: z.record(z.string(), z.array(z.json()).min(1)).default({}),
  /** Settings that are no grid, each run with every combination of `settings`. */
  variants: z.array(Settings).min(1).default([{}]),
  seeds: z.array(z.int().min(0)).min(1),
  /** Where the samples of a finished run are measured. */
  spaces: z.array(z.enum(FEATURE_SPACE_IDS)).min(1),
  /** Encoders that the blocks of a finished run are compared with; absent: the run's first. */
  encoders: z.array(z.enum(ENCODER_IDS)).min(1).optional(),
  /** Linear probe of every block; null: none. */
  probe: z
    .strictObject({ trainCount: z.int().min(1), epochs: z.int().min(1) })
    .nullable()
    .default(null),
  /** Samples drawn for each measurement. */
  sampleCount: z.int().min(8).max(50_000),
  /** Steps before the end at which the same is measured, on samples of their own number; the run must store checkpoints there. */
  alsoAt: z
    .strictObject({ steps: z.array(z.int().min(1)).min(1), sampleCount: z.int().min(8) })
    .nullable()
    .default(null),
  /** Folders of other sweeps, from this one: their runs of the same seeds come first in the tables. */
  beside: z.array(z.string().min(1)).default([]),
  /** Settings, from the first on, that the later ones are compared with by pairs of seeds. */
  against: z.int().min(1).max(4).default(1),
});
export type SweepPlan = z.infer<typeof SweepPlan>;
type SettingValues = Readonly<z.infer<typeof Settings>>;

/** One run of a sweep. */
export interface SweepRun {
  /** Its settings and seed as words that can name a file. */
  readonly id: string;
  readonly settings: SettingValues;
  readonly seed: number;
}

/** "alignment.projCoeff", 0.5 -> "projCoeff-0.5". */
const word = (path: string, value: unknown): string =>
  `${path.slice(path.indexOf(".") + 1)}-${JSON.stringify(value)}`.replaceAll(/[^\w.-]+/g, "_");

/** Every variant with every combination of the values, the last setting changing first. */
function combinations({ settings, variants }: SweepPlan): readonly SettingValues[] {
  return Object.entries(settings).reduce<readonly SettingValues[]>(
    (sofar, [path, values]) =>
      sofar.flatMap((before) => values.map((value) => ({ ...before, [path]: value }))),
    variants,
  );
}

/**
 * The runs of a plan: one seed of every setting, then the next seed, so that an early end leaves whole comparisons.
 * @throws StudioError BAD_CONFIG when two runs would have one name
 */
export function expandGrid(plan: SweepPlan): readonly SweepRun[] {
  const runs = plan.seeds.flatMap((seed) =>
    combinations(plan).map((values) => {
      const words = Object.entries(values).map(([path, value]) => word(path, value));
      const settings = { ...plan.base, ...values };
      return { id: [...words, `seed-${seed}`].join("_"), settings, seed };
    }),
  );
  const twice = runs.find(({ id }, i) => runs.findIndex((other) => other.id === id) !== i);
  if (!twice) return runs;
  throw new StudioError(
    "BAD_CONFIG",
    `Two runs of the sweep are called ${twice.id}.`,
    "Give each value and each seed once; values that differ only in signs need other names.",
  );
}

/** The name of every run: what tells them apart is read off their settings. */
export const runName = ({ name, preset }: SweepPlan): string => name ?? presetById(preset).name;

/** The experiment of a run. @throws StudioError BAD_CONFIG for a setting or a value there is not */
export function experimentOf({ preset }: SweepPlan, { settings, seed }: SweepRun): Experiment {
  const changes = [...Object.entries(settings), ["optimizer.seed", seed] as const];
  return changes.reduce(
    (sofar, [path, value]) => withSetting(sofar, path, value),
    withAllImages(presetById(preset).experiment),
  );
}
