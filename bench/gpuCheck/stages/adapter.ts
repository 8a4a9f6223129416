import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { isSoftwareAdapter } from "../../../src/common/gpu/softwareAdapter";
import { currentStudioBackend } from "../../../src/engine/kernels/studioBackend";
import { createRuntime } from "../../../workers/runtime";
import type { Figures, Stage, StageContext, StageEnd } from "../stage";
import { findVulkan, type VulkanFound } from "../vulkan";
import { startGpu } from "./device";

interface AdapterFigures {
  readonly adapter: string;
  /** What a worker of the page would report, and how long its start took: tiles measured, kernels checked. */
  readonly started: Awaited<ReturnType<typeof firstStart>>;
  /** As the API tells them. */
  readonly info: Readonly<Record<string, string>>;
  readonly software: boolean;
  /** Of the device that the studio opens. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly vulkan: VulkanFound;
  readonly machine: Readonly<Record<string, string | number>>;
}

const INFO = ["vendor", "architecture", "device", "description"] as const;

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "?";
  } catch {
    return "unknown";
  }
}

/** tfjs started as a worker of the page starts it at a first visit: nothing is remembered of this adapter. */
async function firstStart(context: StageContext, gpu: GPU) {
  const faults: string[] = [];
  const start = createRuntime({
    gpu: () => gpu,
    wasmPaths: `${context.places.wasm}/`,
    openDatabase: () => Promise.reject(new Error("no database here")),
    clockMs: context.clockMs,
  });
  const startMs = context.clockMs();
  const report = await start("webgpu", ({ code, message }) => faults.push(`${code}: ${message}`));
  return { seconds: (context.clockMs() - startMs) / 1000, report, faults };
}

async function run(context: StageContext): Promise<StageEnd> {
  const gpu = await startGpu(context);
  const started = await firstStart(context, gpu);
  const device = currentStudioBackend()?.device;
  const info = (await gpu.requestAdapter({ powerPreference: "high-performance" }))?.info;
  if (!device || !info) {
    return { status: "incomplete", problem: `The start chose ${started.report.backend}.` };
  }
  const figures: AdapterFigures = {
    adapter: started.report.adapter,
    started,
    info: Object.fromEntries(INFO.map((name) => [name, info[name]])),
    software: isSoftwareAdapter(info),
    features: [...device.features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, device.limits[name]])),
    vulkan: findVulkan(),
    machine: {
      system: `${distribution()}, Linux ${release()}, ${arch()}`,
      processor: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
  };
  context.write(figures);
  return { status: "done" };
}

function lines(figures: Figures): string[] {
  const { adapter, software, features, limits, machine, started } =
    figures as unknown as Partial<AdapterFigures>;
  if (!adapter) return [];
  return [
    `${adapter}${software ? " (a software adapter: correct, slow; its timings say nothing of a GPU)" : ""}`,
    `a worker's start: ${started?.seconds.toFixed(1) ?? "?"} s, ${JSON.stringify(started?.report ?? {})}`,
    ...(started?.faults ?? []).map((fault) => `fault: ${fault}`),
    `features: ${(features ?? []).join(", ")}`,
    ...Object.entries(limits ?? {}).map(([name, value]) => `${name}: ${value}`),
    Object.values(machine ?? {}).join(", "),
  ];
}

export const adapter: Stage = {
  title: "which adapter is this?",
  weight: 5,
  run,
  lines,
};
