/**
 * `npm run inspect:cases`: what `npm run inspect` says of twenty inputs of the kinds that people have, as a table. The inputs
 * are made anew in .cache/inspect-cases and can be given to the command one by one.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { inspectCases, writeCases } from "./inspect/cases";

const FOLDER = ".cache/inspect-cases";
const MOST_OUTPUT = 2 ** 24;

const Line = z.looseObject({
  kind: z.string(),
  ok: z.boolean(),
  code: z.string().optional(),
  message: z.string().optional(),
  images: z.int().optional(),
  classes: z.array(z.object({ name: z.string(), count: z.int() })).optional(),
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
  notes: z.array(z.string()).optional(),
  split: z.string().optional(),
  tensors: z.unknown().optional(),
  experiment: z.unknown().optional(),
  issues: z.array(z.unknown()).optional(),
  runs: z.unknown().optional(),
});
type Line = z.infer<typeof Line>;

/** The command as a person gives it. */
const inspect = (inputs: readonly string[]): Promise<readonly Line[]> =>
  new Promise((settle, reject) => {
    const args = ["scripts/run.mjs", "scripts/inspect.ts", ...inputs];
    execFile(process.execPath, args, { maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
      if (error && error.code !== 1) return reject(new Error(stderr));
      settle(
        stdout
          .trim()
          .split("\n")
          .map((line) => Line.parse(JSON.parse(line))),
      );
    });
  });

const MOST_TEXT = 160;
const cell = (text: string) => {
  const plain = text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").replaceAll(resolve(FOLDER), "");
  return plain.length > MOST_TEXT ? `${plain.slice(0, MOST_TEXT)} ...` : plain;
};

/** What was found, in a few words. */
function found({
  images,
  classes = [],
  split,
  tensors,
  experiment,
  runs,
  code,
  message,
}: Line): string {
  if (code !== undefined) return `${code}: ${message ?? ""}`;
  const counts = classes.map(({ name, count }) => `${name} ${count}`).join(", ");
  return [
    ...(images === undefined ? [] : [`${images} images: ${counts}`]),
    ...(split === undefined ? [] : [`split ${split}`]),
    ...(tensors === undefined ? [] : [`tensors ${JSON.stringify(tensors)}`]),
    ...(experiment === undefined ? [] : [JSON.stringify(experiment)]),
    ...(runs === undefined ? [] : [`runs ${JSON.stringify(runs)}`]),
  ].join("; ");
}

const said = ({ skipped = [], notes = [], issues = [] }: Line): string =>
  [
    ...skipped.map(({ name, reason }) => `${name}: ${reason}`),
    ...notes,
    ...issues.map((issue) => JSON.stringify(issue)),
  ].join("; ");

await rm(FOLDER, { recursive: true, force: true });
const cases = await inspectCases();
const inputs = await writeCases(resolve(FOLDER), cases);
const lines = await inspect(inputs);
console.log(
  "| input | kind | ok | what it is | left out, and notes |\n| --- | --- | --- | --- | --- |",
);
for (const [i, line] of lines.entries()) {
  const name = basename(cases[i]?.name ?? "");
  console.log(
    `| ${[name, line.kind, line.ok ? "yes" : "no", found(line), said(line)].map(cell).join(" | ")} |`,
  );
}
