import * as tf from "@tensorflow/tfjs-core";
import { StudioError } from "../src/common/errors/studioError";
import { pause } from "../src/sources/hub/pause";
import { compareTunings, TUNINGS } from "../src/engine/kernels/chooseTuning";
import type { MatMulTuning } from "../src/engine/kernels/device";
import {
  createStudioBackend,
  openDevice,
  type OpenedDevice,
} from "../src/engine/kernels/openDevice";
import { START_BUDGET_MS } from "../src/engine/kernels/rankWithin";
import { dropFusedKernels, registerFusedKernels } from "../src/engine/kernels/register";
import { createSelfCheck } from "../src/engine/kernels/selfCheck";
import { CHECK_CASES, type CheckCases } from "../src/engine/kernels/selfCheckCases";
import type { StudioBackend } from "../src/engine/kernels/studioBackend";
import type { CheckTuning } from "../src/engine/kernels/trustedTuning";
import { tuningName } from "../src/engine/kernels/tuningName";
import type { DeviceReport, SelfCheckFailures } from "../src/common/protocol/shared";
import {
  chooseTuning,
  disagreementText,
  plainName,
  type ChosenTuning,
  type TuningMemory,
} from "../src/sessions/device/tuning";
import { useBackend } from "./useBackend";
import { watchDevice, type DeviceWatch } from "./watchDevice";

/** What a start on WebGPU needs from its caller. */
export interface WebGpuPlaces extends Pick<TuningMemory, "openDatabase"> {
  /** The WebGPU entry point; undefined where there is none. */
  readonly gpu: () => GPU | undefined;
  /** A monotonic clock in milliseconds. */
  readonly clockMs: () => number;
  /** The browser's name and version: measurements in another one are not used. */
  readonly browser?: string;
  /**
   * Measures and checks software adapters as well, with these tiles and cases. Otherwise they keep the default tile
   * and are not checked, because they take seconds to compile a program, and the tests of this project run on them.
   */
  readonly softwareTrial?: {
    readonly tunings: readonly MatMulTuning[];
    readonly cases: CheckCases;
  };
}

/** A device that tfjs computes on. */
export interface StartedWebGpu {
  readonly report: DeviceReport;
  /** From here on its faults are reported. */
  readonly tell: DeviceWatch["tell"];
  /** Frees the device. If tfjs was on this backend, it is on none afterwards. */
  readonly close: () => void;
}

/** The failures of a self-check as a user reads them; undefined when there are none. */
function selfCheckFailures({ failed, off, float16 = [] }: ChosenTuning) {
  if (failed.length + off.length + float16.length === 0) return undefined;
  const operations = new Map(off.map(({ operation, reason }) => [plainName(operation), reason]));
  return {
    tiles: failed,
    operations: [...operations].map(([name, reason]) => ({ name, reason })),
    ...(float16.length > 0 ? { float16: disagreementText(float16) } : {}),
  } satisfies SelfCheckFailures;
}

/**
 * Sets the fastest tile that passes the self-check, and switches off operations that fail it with every tile.
 * @throws StudioError GPU_ERROR where tfjs' own kernels fail it as well; the device's fault when it has one
 */
async function settle(
  backend: StudioBackend,
  adapterName: string,
  watch: DeviceWatch,
  places: WebGpuPlaces,
  { tunings, cases }: NonNullable<WebGpuPlaces["softwareTrial"]>,
): Promise<ChosenTuning> {
  const selfCheck = createSelfCheck(backend, cases);
  const measured = new AbortController();
  const check: CheckTuning = async (tuning, precision) => {
    const found = await selfCheck.tuning(tuning, precision);
    const fault = found.length > 0 ? await watch.faultSoon() : watch.fault();
    if (fault) throw fault; // results of a lost device do not count against a tile
    return found;
  };
  const budget = { ms: START_BUDGET_MS, sleep: (ms: number) => pause(ms, measured.signal) };
  const { openDatabase, browser = "" } = places;
  const chosen = await chooseTuning(
    adapterName,
    { openDatabase, browser },
    {
      tunings,
      measure: () =>
        compareTunings(backend, places.clockMs, tunings, budget).finally(() => measured.abort()),
      check,
      hasFloat16: backend.float16,
    },
  );
  const off = [...chosen.off, ...(await selfCheck.fixed())];
  backend.tuning = chosen.tuning;
  backend.float16 &&= chosen.float16?.length === 0;
  const operations = new Set(off.map(({ operation }) => operation));
  dropFusedKernels(operations);
  const wrong = await selfCheck.twins(operations);
  const fault = off.length > 0 ? await watch.faultSoon() : watch.fault();
  if (fault) throw fault;
  if (wrong.length > 0) {
    throw new StudioError(
      "GPU_ERROR",
      `WebGPU did not start: ${adapterName} computes wrong numbers, with tfjs' own kernels as well (${disagreementText(wrong)}).`,
      "Update the browser and the GPU's driver.",
    );
  }
  return { ...chosen, off };
}

async function prepared(
  { device, adapterName, software: slow }: OpenedDevice,
  backend: StudioBackend,
  watch: DeviceWatch,
  places: WebGpuPlaces,
): Promise<DeviceReport> {
  const trial = slow ? places.softwareTrial : { tunings: TUNINGS, cases: CHECK_CASES };
  const chosen = trial && (await settle(backend, adapterName, watch, places, trial));
  const selfCheck = chosen && selfCheckFailures(chosen);
  return {
    backend: "webgpu",
    adapter: adapterName,
    slow,
    ...(slow ? { slowBecause: { kind: "software", adapter: adapterName } } : {}),
    float16: backend.float16,
    tile: tuningName(backend.tuning),
    ...(selfCheck ? { selfCheck } : {}),
    maxBufferBytes: device.limits.maxBufferSize,
    maxBindingBytes: device.limits.maxStorageBufferBindingSize,
  };
}

/** An error thrown while WebGPU started, as a StudioError with its message. */
function startFailure(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StudioError(
    "BACKEND_FAILED",
    `WebGPU did not start: ${message}`,
    "Restart the browser, and update it and the GPU's driver if that does not help.",
    { cause: thrown },
  );
}

function removeBackend(): void {
  if (tf.engine().registryFactory.webgpu !== undefined) tf.removeBackend("webgpu");
}

/**
 * Opens a new device under the studio's backend each time, because a lost device cannot be used again.
 * @returns undefined when there is no adapter
 * @throws StudioError: the device's fault, or else what was thrown; the device is freed then
 */
export async function startWebGpu(places: WebGpuPlaces): Promise<StartedWebGpu | undefined> {
  const opened = await openDevice(places.gpu());
  if (!opened) return undefined;
  const watch = watchDevice(opened.device);
  const close = () => {
    removeBackend();
    opened.device.destroy();
  };
  try {
    removeBackend();
    const backend = createStudioBackend(opened);
    tf.registerBackend("webgpu", () => backend);
    registerFusedKernels();
    await useBackend("webgpu");
    const report = await prepared(opened, backend, watch, places);
    return { report, tell: watch.tell, close };
  } catch (thrown) {
    const fault = await watch.faultSoon();
    close();
    throw fault ?? startFailure(thrown);
  }
}
