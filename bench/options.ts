import { parseArgs } from "node:util";
import { StudioError } from "../src/common/errors/studioError";
import { workloadById, WORKLOADS } from "../src/engine/bench/workloads";
import type { SuiteOptions } from "./suite";

export interface BenchOptions {
  readonly where: "node" | "chromium";
  /** Vulkan driver in Node; in Chromium "swiftshader" or "default" (a real GPU, with a window). */
  readonly adapter: string;
  /** One for each workload. */
  readonly suites: readonly SuiteOptions[];
}

const list = (text: string) => text.split(",").filter(Boolean);

function positive(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new StudioError(
    "BAD_CONFIG",
    `--${name} is "${text}", not a whole number from ${least} on.`,
    `Give --${name} a number.`,
  );
}

/** @throws StudioError BAD_CONFIG when a value is none of its option's */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      where: { type: "string", default: "node" },
      adapter: { type: "string", default: "default" },
      workload: { type: "string", default: "reference" },
      batch: { type: "string" },
      steps: { type: "string", default: "10" },
      "warm-up": { type: "string", default: "2" },
      variants: { type: "string" },
      threads: { type: "string" },
    },
  });
  const { where } = values;
  if (where !== "node" && where !== "chromium") {
    throw new StudioError("BAD_CONFIG", `--where is "${where}".`, "Choose node or chromium.");
  }
  const batchOf = (workload: string) => {
    if (values.batch !== undefined) return positive("batch", values.batch);
    const { batch, slowBatch } = workloadById(workload);
    return values.adapter === "swiftshader" ? slowBatch : batch;
  };
  const names = values.workload === "all" ? WORKLOADS.map(({ id }) => id) : list(values.workload);
  return {
    where,
    adapter: values.adapter,
    suites: names.map((workload) => ({
      workload,
      steps: positive("steps", values.steps),
      warmUp: positive("warm-up", values["warm-up"], 0),
      batch: batchOf(workload),
      ...(values.variants !== undefined && { variants: list(values.variants) }),
      ...(values.threads !== undefined && { threads: positive("threads", values.threads) }),
    })),
  };
}
