import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { breakKernel } from "../test/breakKernel";
import { StudioError } from "../src/common/errors/studioError";
import type { MatMulTuning } from "../src/engine/kernels/device";
import { GatedResidual } from "../src/engine/kernels/gatedResidualOp";
import { Linear, LinearGradW } from "../src/engine/kernels/linearOp";
import { hasKernel } from "../src/engine/kernels/operation";
import { registerFusedKernels } from "../src/engine/kernels/register";
import { CHECK_CASES } from "../src/engine/kernels/selfCheckCases";
import { currentStudioBackend } from "../src/engine/kernels/studioBackend";
import type { DeviceReport } from "../src/common/protocol/shared";
import { createRuntime, type RuntimePlaces } from "./runtime";

const realGpu = () => navigator.gpu;
const DOTS: MatMulTuning = { kind: "register", tile: [4, 4] };
const STEPS: MatMulTuning = { kind: "register", tile: [4, 4], dots: false };

/** A start that measures and checks what compiles quickly. Nothing is stored: this runs in Node as well. */
const places: RuntimePlaces = {
  gpu: realGpu,
  wasmPaths: new URL("../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)
    .pathname,
  openDatabase: () => Promise.reject(new Error("No storage here.")),
  clockMs: () => performance.now(),
  softwareTrial: {
    tunings: [STEPS, DOTS],
    cases: {
      products: CHECK_CASES.products,
      byKind: [],
      fixed: CHECK_CASES.fixed.filter(({ operation }) => operation === GatedResidual.name),
    },
  },
};

const ignored = () => undefined;
const start = (changes: Partial<RuntimePlaces> = {}, onLost: (e: StudioError) => void = ignored) =>
  createRuntime({ ...places, ...changes })("webgpu", onLost);

const auto = (changes: Partial<RuntimePlaces>) =>
  createRuntime({ ...places, ...changes })("auto", ignored);

/** The real GPU whose adapters are changed before they are given out. */
const withAdapter = (change: (adapter: GPUAdapter) => void) => ({
  gpu: () =>
    ({
      requestAdapter: async (options?: GPURequestAdapterOptions) => {
        const adapter = await realGpu().requestAdapter(options);
        if (adapter) change(adapter);
        return adapter;
      },
    }) as GPU,
});

const refusing = withAdapter((adapter) => {
  adapter.requestDevice = () => Promise.reject(new Error("no device for you"));
});

async function failure(started: Promise<DeviceReport>): Promise<StudioError> {
  const thrown: unknown = await started.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof StudioError)) throw new Error(`No StudioError: ${String(thrown)}`);
  return thrown;
}

beforeAll(() => {
  vi.stubGlobal("__dirname", "/"); // tfjs' wasm loader takes Node for CommonJS
  registerFusedKernels();
});
afterEach(async () => {
  await tf.setBackend("cpu"); // a start that failed leaves none
  expect(tf.memory().numTensors).toBe(0);
});

test("a sound device: a tile is in use, nothing is said", async () => {
  const report = await start();
  expect(report.backend).toBe("webgpu");
  expect(report.tile).toMatch(/^register 4x4/);
  expect(report.selfCheck).toBeUndefined();
  expect(report.float16).toBe(currentStudioBackend()?.features.has("shader-f16"));
  expect(currentStudioBackend()?.float16).toBe(report.float16);
});

test("a broken tile is replaced by the next one and named", async () => {
  breakKernel(LinearGradW, ({ tuning }) => tuning.kind === "register" && tuning.dots === false);
  // the clock runs away, so that the broken tile is the only one measured, and the first
  let now = 0;
  const report = await start({ clockMs: () => (now += 2000) });
  expect(report.tile).toBe("register 4x4 dots");
  expect(currentStudioBackend()?.tuning).toBe(DOTS);
  expect(report.selfCheck).toEqual({
    tiles: [{ name: "register 4x4 steps", reason: "LinearGradW off by 1" }],
    operations: [],
  });
});

test("float16 that is wrong is off, and the tile stays", async ({ skip }) => {
  const has = (await realGpu().requestAdapter())?.features.has("shader-f16") ?? false;
  skip(!has, "This adapter has no shader-f16.");
  breakKernel(Linear, (device) => device.mixedPrecision);
  const report = await start();
  expect(report.float16).toBe(false);
  expect(currentStudioBackend()?.float16).toBe(false);
  expect(report.selfCheck).toEqual({ tiles: [], operations: [], float16: "Linear off by 1" });
});

test("an operation that is wrong with every tile is off alone, until the next start", async () => {
  const putBack = breakKernel(GatedResidual, () => true);
  const report = await start();
  expect(report.selfCheck).toEqual({
    tiles: [],
    operations: [{ name: "GatedResidual", reason: "off by 1" }],
  });
  expect(hasKernel(GatedResidual)).toBe(false);
  expect(hasKernel(Linear)).toBe(true);
  putBack();
  expect((await start()).selfCheck).toBeUndefined();
  expect(hasKernel(GatedResidual)).toBe(true);
});

test("a device that is refused is told with the browser's message", async () => {
  const refused = await failure(start(refusing));
  expect(refused.code).toBe("BACKEND_FAILED");
  expect(refused.message).toContain('requestDevice failed with "no device for you"');
  const noAdapter = {
    requestAdapter: () => Promise.reject(new Error("not now")),
  } as unknown as GPU;
  expect((await failure(start({ gpu: () => noAdapter }))).message).toContain('"not now"');
});

test("no adapter is no failure", async () => {
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  expect((await failure(start({ gpu: () => none }))).code).toBe("NO_WEBGPU");
});

/** Adapters whose devices are lost when they are first asked to compute; `times` of them. */
function losing(times: number) {
  let left = times;
  return withAdapter((adapter) => {
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      if (left-- <= 0) return device;
      const submit = device.queue.submit.bind(device.queue);
      device.queue.submit = (commands) => {
        device.destroy();
        return submit(commands);
      };
      return device;
    };
  });
}

test("a device lost while it starts ends the start as that, and is told to nobody else", async () => {
  const told: StudioError[] = [];
  const lost = await failure(start(losing(1), (fault) => told.push(fault)));
  expect(lost.code).toBe("DEVICE_LOST");
  expect(told).toEqual([]);
});

test("a device lost later is told", async () => {
  const told = new Promise<StudioError>(
    (resolve) =>
      void start({}, resolve).then(() => {
        currentStudioBackend()?.device.destroy();
      }),
  );
  expect((await told).code).toBe("DEVICE_LOST");
});

test("where nothing is demanded the slow mode is started, and says what was thrown", async () => {
  const report = await auto(refusing);
  expect(report).toMatchObject({ backend: "wasm", slow: true });
  expect(report.slowBecause).toMatchObject({
    kind: "failed",
    failure: {
      code: "BACKEND_FAILED",
      message: expect.stringContaining("no device for you") as string,
    },
  });
});

test("the slow mode knows no WebGPU from no adapter from a software one", async () => {
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  expect((await auto({ gpu: () => undefined })).slowBecause).toEqual({ kind: "noWebGpu" });
  expect((await auto({ gpu: () => none })).slowBecause).toEqual({ kind: "noAdapter" });
  const { softwareTrial, ...asInTheApp } = places;
  expect(softwareTrial).toBeDefined();
  const { slowBecause } = await createRuntime(asInTheApp)("auto", ignored);
  expect(slowBecause?.kind).toBe("software");
  expect((await createRuntime(places)("wasm", ignored)).slowBecause).toEqual({ kind: "asked" });
});

test("a driver that is reset once while WebGPU starts is asked again; twice is a failure", async () => {
  // a software adapter may lose the comparison with wasm: what matters is that it was no failure
  expect((await auto(losing(1))).slowBecause?.kind).not.toBe("failed");
  expect((await auto(losing(2))).slowBecause).toMatchObject({
    kind: "failed",
    failure: { code: "DEVICE_LOST" },
  });
});
