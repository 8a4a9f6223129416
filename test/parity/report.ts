import { z } from "zod";
import { centerCropCases } from "./centerCrop";
import { encoderCases } from "./encoders";
import { readGoldenFolder, type GoldenFile } from "./folder";
import { metricsCases, metricsNotes } from "./metrics";
import { preprocessCases } from "./preprocess";
import { ditCases } from "./dit";
import { sitCases } from "./sit";
import { taesdCases } from "./taesd";
import type { ParityCase, ParityResult } from "./types";
import { vaeCases } from "./vae";

export interface ParityTotals {
  readonly passedCount: number;
  readonly failedCount: number;
  /** True when a case failed or a folder had nothing to compare. */
  readonly failed: boolean;
}

const Named = z.looseObject({ name: z.string() });

const named = (manifest: unknown) => Named.safeParse(manifest).data;

/** The cases of whichever families recognise the manifest by its structure. */
export function casesOf({ manifest, tensors }: GoldenFile): ParityCase[] {
  const metrics = named(manifest);
  return [
    ...sitCases(manifest, tensors),
    ...ditCases(manifest, tensors),
    ...vaeCases(manifest, tensors),
    ...encoderCases(manifest, tensors),
    ...preprocessCases(manifest, tensors),
    ...taesdCases(manifest, tensors),
    ...centerCropCases(manifest, tensors),
    ...(metrics ? metricsCases(metrics, tensors) : []),
  ];
}

/** The cases, or why a manifest of a known family cannot be read. */
function readCases(file: GoldenFile): ParityCase[] | Error {
  try {
    return casesOf(file);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const figure = (value: number) => (Number.isFinite(value) ? value.toExponential(2) : String(value));

const lineOf = (name: string, { error, tolerance, worst }: ParityResult, passed: boolean) => {
  const where = worst === undefined || worst === name ? "" : `  (${worst})`;
  return `${passed ? "pass" : "FAIL"}  ${name}  error ${figure(error)}  tolerance ${figure(tolerance)}${where}`;
};

/** Expected tensors (those a manifest gives a tolerance) that no case looks at: said, never silent. */
function uncompared({ manifest }: GoldenFile, cases: readonly ParityCase[]): string[] {
  const covered = new Set(cases.flatMap(({ covers }) => covers ?? []));
  if (covered.size === 0) return [];
  const Tensors = z.record(z.string(), z.looseObject({ atol: z.number().optional() }));
  return Object.entries(Tensors.safeParse(manifest.tensors).data ?? {})
    .filter(([name, { atol }]) => atol !== undefined && !covered.has(name))
    .map(([name]) => name);
}

/** Numbers of a metric manifest that are no golden values, counted by what they are. */
function notesOf({ manifest, tensors }: GoldenFile, cases: readonly ParityCase[]): string[] {
  const metrics = named(manifest);
  const hasMetrics = metrics && cases.length > 0 && metricsCases(metrics, tensors).length > 0;
  return hasMetrics ? metricsNotes(metrics) : [];
}

/** Runs one case: the line to print, and whether it passed. A case that throws has failed. */
async function runCase({ name, run }: ParityCase): Promise<{ line: string; passed: boolean }> {
  try {
    const result = await run();
    const passed = result.error <= result.tolerance;
    return { line: lineOf(name, result, passed), passed };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { line: `FAIL  ${name}  ${message}`, passed: false };
  }
}

/**
 * Compares this project with every fixture of the folders, on tfjs' current backend: a line a case with its
 * largest error and the tolerance, then the counts. Unreadable files and folders without a case are failures.
 */
export async function parityReport(
  folders: readonly string[],
  print: (line: string) => void,
): Promise<ParityTotals> {
  let [passedCount, failedCount, emptyFolders] = [0, 0, 0];
  for (const folder of folders) {
    let comparable = 0;
    for (const file of readGoldenFolder(folder)) {
      if ("problem" in file) {
        print(`FAIL  ${file.path}  ${file.problem}`);
        failedCount++;
        comparable++;
        continue;
      }
      const cases = readCases(file);
      if (cases instanceof Error) {
        print(`FAIL  ${file.path}  ${cases.message}`);
        failedCount++;
        comparable++;
        continue;
      }
      print(cases.length > 0 ? `# ${file.path}` : `# ${file.path}: no case of this project`);
      comparable += cases.length;
      for (const parityCase of cases) {
        const { line, passed } = await runCase(parityCase);
        print(line);
        if (passed) passedCount++;
        else failedCount++;
      }
      const rest = uncompared(file, cases);
      if (rest.length > 0) print(`note  not compared: ${rest.join(", ")}`);
      for (const note of notesOf(file, cases)) print(`note  not compared: ${note}`);
    }
    if (comparable === 0) {
      print(`FAIL  ${folder}  nothing in it can be compared with this project`);
      emptyFolders++;
    }
  }
  print(`${passedCount} passed, ${failedCount} failed`);
  return { passedCount, failedCount, failed: failedCount > 0 || emptyFolders > 0 };
}
