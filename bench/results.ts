import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { formatFile } from "./format";
import type { SuiteResult } from "./suite";

export const RESULTS_DIR = "bench/results";
/** The metrics' cost, in a form of its own: see bench/metrics.ts. */
export const METRICS_RESULTS = join(RESULTS_DIR, "metrics.json");

/** The packages whose speed is told. */
const PACKAGES = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-backend-wasm",
  "@jax-js/jax",
  "webgpu",
] as const;

export interface StoredResult extends SuiteResult {
  /** ISO 8601. */
  readonly date: string;
  /** "Node v20.20.2" or the browser's version. */
  readonly engine: string;
  /** Processes that wanted a core in the last minute, and how many cores there are; 1 process is the bench. */
  readonly load: number | null;
  readonly cores: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Results by "workload, batch N": a new run replaces its own entry. */
export type ResultFile = Record<string, StoredResult>;

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as { version: string })
    .version;

export async function readResults(path: string): Promise<ResultFile> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  return JSON.parse(text) as ResultFile;
}

/**
 * Writes a result into `bench/results/<where>-<adapter>.json`.
 * @param now ISO 8601
 */
export async function storeResult(
  file: string,
  result: SuiteResult,
  told: { readonly now: string; readonly engine: string; readonly load: number | undefined },
): Promise<string> {
  await mkdir(RESULTS_DIR, { recursive: true });
  const path = join(RESULTS_DIR, `${file}.json`);
  const versions = Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)]));
  const { id, batch } = result.workload;
  const all: ResultFile = {
    ...(await readResults(path)),
    [`${id}, batch ${batch}`]: {
      date: told.now,
      engine: told.engine,
      load: told.load ?? null,
      cores: availableParallelism(),
      versions,
      ...result,
    },
  };
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`);
  formatFile(path);
  return path;
}
