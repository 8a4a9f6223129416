import { overSeeds } from "../../src/common/math/overSeeds";
import type { SweepPlan } from "./plan";
import type { RunSummary } from "./summary";

/** A run as it was measured at one step. Losses and times are those of its end alone. */
type Row = Omit<RunSummary, "velocityLoss" | "stepMs"> & {
  readonly velocityLoss: number | undefined;
  readonly stepMs: number | undefined;
};

/** A run at an earlier step; none where it was not measured. */
function atStep(run: RunSummary, step: number): readonly Row[] {
  const measured = run.before?.find((one) => one.step === step);
  const unknown = { velocityLoss: undefined, stepMs: undefined };
  return measured ? [{ ...run, ...measured, ...unknown, steps: step }] : [];
}

const earlierSteps = (runs: readonly RunSummary[]): readonly number[] =>
  [...new Set(runs.flatMap(({ before = [] }) => before.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );

/** A figure of a run: its column, how it is read, and its digits in the table for people. */
interface Column {
  readonly name: string;
  readonly value: (run: Row) => number | null | undefined;
  readonly digits: number;
}

/** Every encoder that any run was compared with. */
const encodersOf = (runs: readonly Row[]) => [
  ...new Set(runs.flatMap(({ cknna }) => cknna.map(({ encoder }) => encoder))),
];

const PROBE: Column = {
  name: "probe, best block",
  value: ({ probe }) => probe && Math.max(...probe.blocks),
  digits: 3,
};

const bestCknna = (encoder: string) => (run: Row) => {
  const found = run.cknna.find((each) => each.encoder === encoder);
  return found && Math.max(...found.blocks);
};

/** The figures of every run, in the order of the columns. KID is recorded times 1,000, as everywhere. */
function columnsOf(runs: readonly Row[], spaces: SweepPlan["spaces"]): readonly Column[] {
  const inSpaces = spaces.flatMap((space): Column[] => [
    {
      name: `${space}: KID x 1000`,
      value: (run) => run.quality[space]?.kid,
      digits: 1,
    },
    {
      name: `${space}: KID low`,
      value: (run) => run.quality[space]?.kidLow,
      digits: 1,
    },
    {
      name: `${space}: KID high`,
      value: (run) => run.quality[space]?.kidHigh,
      digits: 1,
    },
    { name: `${space}: Fréchet top`, value: (run) => run.quality[space]?.frechetTop, digits: 3 },
    {
      name: `${space}: Fréchet floor`,
      value: (run) => run.quality[space]?.frechetFloor,
      digits: 3,
    },
    { name: `${space}: precision`, value: (run) => run.quality[space]?.precision, digits: 3 },
    { name: `${space}: recall`, value: (run) => run.quality[space]?.recall, digits: 3 },
  ]);
  return [
    ...inSpaces,
    ...encodersOf(runs).map((encoder): Column => ({
      name: `CKNNA with ${encoder}, best block`,
      ...{ value: bestCknna(encoder), digits: 3 },
    })),
    ...(runs.some(({ probe }) => probe) ? [PROBE] : []),
    { name: "velocity loss", value: ({ velocityLoss }) => velocityLoss, digits: 4 },
    { name: "ms a step", value: ({ stepMs }) => stepMs, digits: 0 },
  ];
}

const settingPaths = (runs: readonly Row[]) => [
  ...new Set(runs.flatMap(({ settings }) => Object.keys(settings))),
];

/** Those in which the runs differ. */
const variedPaths = (runs: readonly Row[]) =>
  settingPaths(runs).filter((path) => {
    const values = runs.map(({ settings }) => JSON.stringify(settings[path]));
    return values.some((value) => value !== values[0]);
  });

/** A cell as CSV takes it: quoted where it holds a comma, a quote or a line's end. */
const csvCell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One line a run and step it was measured at, at full precision. */
export function csvTable(summaries: readonly RunSummary[], spaces: SweepPlan["spaces"]): string {
  const steps = earlierSteps(summaries);
  const runs = summaries.flatMap((run): readonly Row[] => [
    ...steps.flatMap((step) => atStep(run, step)),
    run,
  ]);
  const [paths, columns] = [settingPaths(runs), columnsOf(runs, spaces)];
  const head = [...paths, "seed", "steps", ...columns.map(({ name }) => name)];
  const lines = runs.map((run) => [
    ...paths.map((path) => JSON.stringify(run.settings[path] ?? null)),
    String(run.seed),
    String(run.steps),
    ...columns.map(({ value }) => String(value(run) ?? "")),
  ]);
  return [head, ...lines].map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

/** Runs of one setting, over its seeds. */
type Group = readonly Row[];

function groupsOf(runs: readonly Row[]): readonly Group[] {
  const bySetting = new Map<string, Row[]>();
  for (const run of runs) {
    const key = JSON.stringify(run.settings);
    bySetting.set(key, [...(bySetting.get(key) ?? []), run]);
  }
  return [...bySetting.values()];
}

/** "12.3 ± 4.5": a mean with its 95 % interval, where there are values for one. */
function meanText(values: readonly number[], digits: number): string {
  if (values.length === 0) return "";
  const { mean, half } = overSeeds(values);
  return mean.toFixed(digits) + (half === null ? "" : ` ± ${half.toFixed(digits)}`);
}

const lines = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  return [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |\n`).join("");
};

const settingsOf = (paths: readonly string[], [run]: Group): readonly string[] =>
  paths.map((path) => JSON.stringify(run?.settings[path] ?? null));

/** One line a setting: means over its seeds with 95 % intervals. What all runs have in common is left out. */
function settingsTable(runs: readonly Row[], spaces: SweepPlan["spaces"]): string {
  const [paths, columns] = [variedPaths(runs), columnsOf(runs, spaces)];
  return lines([
    [...paths, "seeds", ...columns.map(({ name }) => name)],
    ...groupsOf(runs).map((group) => [
      ...settingsOf(paths, group),
      group.map(({ seed }) => seed).join(" "),
      ...columns.map(({ value, digits }) =>
        meanText(
          group.flatMap((run) => value(run) ?? []),
          digits,
        ),
      ),
    ]),
  ]);
}

/**
 * Every later setting less the one at `place`, by pairs of one seed: they share what the seed decides, so their difference
 * is surer. Empty where there is no later one.
 */
function differencesTable(
  runs: readonly Row[],
  spaces: SweepPlan["spaces"],
  place: number,
): string {
  const [first, ...others] = groupsOf(runs).slice(place);
  const [paths, columns] = [variedPaths(runs), columnsOf(runs, spaces)];
  if (!first || others.length === 0) return "";
  const pairsOf = (group: Group) =>
    group.flatMap((run) => {
      const twin = first.find(({ seed }) => seed === run.seed);
      return twin ? [[twin, run] as const] : [];
    });
  const differences = (group: Group, { value }: Column) =>
    pairsOf(group).flatMap(([one, other]) => {
      const [a, b] = [value(one), value(other)];
      return typeof a === "number" && typeof b === "number" ? [b - a] : [];
    });
  return lines([
    [...paths, "pairs", ...columns.map(({ name }) => name)],
    ...others.map((group) => [
      ...settingsOf(paths, group),
      String(pairsOf(group).length),
      ...columns.map((column) => meanText(differences(group, column), column.digits)),
    ]),
  ]);
}

/** Agreement and probe of every block. */
function blocksTable(runs: readonly Row[]): string {
  const paths = variedPaths(runs);
  const depth = Math.max(
    0,
    ...runs.flatMap(({ cknna }) => cknna.map(({ blocks }) => blocks.length)),
  );
  const readings: readonly {
    readonly name: string;
    readonly blocks: (run: Row) => readonly number[];
  }[] = [
    ...encodersOf(runs).map((encoder) => ({
      name: `CKNNA with ${encoder}`,
      blocks: (run: Row) => run.cknna.find((one) => one.encoder === encoder)?.blocks ?? [],
    })),
    ...(runs.some(({ probe }) => probe)
      ? [{ name: "linear probe", blocks: (run: Row) => run.probe?.blocks ?? [] }]
      : []),
  ];
  return lines([
    [...paths, "reading", ...Array.from({ length: depth }, (_, i) => `block ${i + 1}`)],
    ...groupsOf(runs).flatMap((group) =>
      readings.map(({ name, blocks }) => [
        ...settingsOf(paths, group),
        name,
        ...Array.from({ length: depth }, (_, i) =>
          meanText(
            group.flatMap((run) => blocks(run)[i] ?? []),
            3,
          ),
        ),
      ]),
    ),
  ]);
}

const ORDINALS = ["first", "second", "third", "fourth"] as const;

type Compared = Pick<SweepPlan, "spaces" | "against">;

/** Means, differences of pairs to the first settings, and figures by block, of runs at one step. */
function tables(runs: readonly Row[], { spaces, against }: Compared): readonly string[] {
  const differences = ORDINALS.slice(0, against).flatMap((ordinal, place) => {
    const table = differencesTable(runs, spaces, place);
    const title = `Differences to the ${ordinal} setting, of pairs of one seed.`;
    return table === "" ? [] : [title, table];
  });
  return [settingsTable(runs, spaces), ...differences, "By block.", blocksTable(runs)];
}

/**
 * For people: means over seeds with 95 % intervals at the end of the runs, then at earlier steps. As many of the first
 * settings as the plan says are compared with the later ones.
 */
export function markdownTable(runs: readonly RunSummary[], plan: Compared): string {
  const earlier = earlierSteps(runs).flatMap((step) => [
    `At step ${step}.`,
    ...tables(
      runs.flatMap((run) => atStep(run, step)),
      plan,
    ),
  ]);
  return [
    "Means over seeds with 95 % intervals (Student's t).",
    ...tables(runs, plan),
    ...earlier,
  ].join("\n\n");
}
