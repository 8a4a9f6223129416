import { expect, test } from "vitest";
import { adapterName, checkCapability } from "./capability";

test("without WebGPU the slow mode is offered with the reason", async () => {
  expect(await checkCapability(undefined, "auto")).toMatchObject({
    kind: "slow",
    reason: { kind: "noWebGpu" },
  });
});

test("an adapter that is refused is told with the browser's message", async () => {
  const gpu = { requestAdapter: () => Promise.reject(new Error("not now")) } as unknown as GPU;
  expect(await checkCapability(gpu, "auto")).toMatchObject({
    kind: "slow",
    reason: { kind: "failed", failure: { message: "WebGPU refused an adapter: not now" } },
  });
  expect(await checkCapability(gpu, "webgpu")).toMatchObject({
    kind: "failed",
    reason: expect.stringContaining("not now") as string,
  });
});

test("insisting on WebGPU without it fails, a CPU backend needs none", async () => {
  expect((await checkCapability(undefined, "webgpu")).kind).toBe("failed");
  expect(await checkCapability(undefined, "wasm")).toMatchObject({ kind: "slow" });
});

test("the slow mode names the backend that will compute; a software adapter may not be it", async () => {
  const info = { vendor: "google", architecture: "swiftshader", description: "", device: "" };
  const adapter = { info: { ...info, isFallbackAdapter: true } };
  const gpu = { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
  expect(await checkCapability(undefined, "cpu")).toMatchObject({
    adapter: "the CPU (JavaScript)",
    backend: "cpu",
  });
  expect(await checkCapability(undefined, "auto")).toMatchObject({ backend: "wasm" });
  expect(await checkCapability(gpu, "auto")).toMatchObject({
    adapter: "google, swiftshader or the CPU (WebAssembly), the quicker one",
    backend: null,
  });
  expect(await checkCapability(gpu, "webgpu")).toMatchObject({
    adapter: "google, swiftshader",
    backend: "webgpu",
  });
});

test("an adapter is called by what the browser tells, once each", () => {
  expect(adapterName({ vendor: "google", architecture: "swiftshader", description: "" })).toBe(
    "google, swiftshader",
  );
  expect(adapterName({ vendor: "apple", architecture: "apple", description: "Apple M3" })).toBe(
    "Apple M3, apple",
  );
  expect(adapterName({ vendor: "", architecture: "", description: "" })).toBe("unnamed adapter");
});
