import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { measure, type MeasureEnvironment, type Measurement } from "../src/engine/bench/measure";
import { prepareWebGpu, useBackend, type AdapterReport } from "../src/engine/bench/webGpu";
import { workloadById } from "../src/engine/bench/workloads";
import { productRecipes, RECIPES, type Grounds } from "./variants";
import type { WasmKernelSets } from "./wasmKernels";
import { wasmThreads } from "../src/engine/kernels/wasm";

export interface SuiteOptions {
  readonly workload: string;
  /** Images a step; absent: the workload's. */
  readonly batch?: number;
  readonly steps: number;
  readonly warmUp: number;
  /** Ids of the variants to run; absent: all. */
  readonly variants?: readonly string[];
  /** Threads of tfjs' wasm backend, the same for all suites; absent: as many as a run takes. */
  readonly threads?: number;
}

export interface SuiteEnvironment extends MeasureEnvironment {
  readonly gpu: GPU | undefined;
  readonly startWasm: (threads?: number) => Promise<WasmKernelSets>;
}

export interface SuiteResult extends Measurement {
  readonly adapter: AdapterReport | null;
  readonly wasmThreads: number;
  readonly crossOriginIsolated: boolean;
  /** What the device complained of; any entry makes the figures worthless. */
  readonly gpuErrors: readonly string[];
}

/** Everything there is to run on here. Call once: wasm's kernels are replaced for good. */
export async function prepareGrounds(
  environment: SuiteEnvironment,
  onError: (message: string) => void,
  threads?: number,
): Promise<Grounds> {
  tf.enableProdMode();
  const { clockMs } = environment;
  const webgpu = await prepareWebGpu(environment.gpu, onError, clockMs);
  const wasm = await environment.startWasm(threads);
  await useBackend("wasm");
  return { wasm, webgpu, clockMs, wasmThreads: wasmThreads() };
}

/** The suites one after another, on the same devices. */
export async function* runSuites(
  suites: readonly SuiteOptions[],
  environment: SuiteEnvironment,
): AsyncGenerator<SuiteResult> {
  const gpuErrors: string[] = [];
  const onError = (message: string) => gpuErrors.push(message);
  const grounds = await prepareGrounds(environment, onError, suites[0]?.threads);
  for (const { workload, batch, variants, steps, warmUp } of suites) {
    const wanted = RECIPES.filter(({ id }) => variants?.includes(id) ?? true);
    const measured = await measure(
      {
        workload: workloadById(workload, batch),
        grounds,
        variants: wanted,
        products: productRecipes(
          wanted.map(({ id }) => id),
          grounds,
        ),
        steps,
        warmUp,
      },
      environment,
    );
    yield {
      ...measured,
      adapter: grounds.webgpu?.adapter ?? null,
      wasmThreads: grounds.wasmThreads,
      crossOriginIsolated:
        (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? false,
      gpuErrors: [...gpuErrors],
    };
  }
}
