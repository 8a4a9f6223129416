import { expect, test, vi } from "vitest";
import { createRuntime } from "./runtime";

/** In a file of its own: tfjs starts wasm once, and a start that failed stays failed. */
test("wasm that does not start is told with its message, and plain JavaScript takes over", async () => {
  vi.stubGlobal("__dirname", "/"); // tfjs' wasm loader takes Node for CommonJS
  const start = createRuntime({
    gpu: () => undefined,
    wasmPaths: "/nowhere/",
    openDatabase: () => Promise.reject(new Error("No storage here.")),
    clockMs: () => performance.now(),
  });
  const report = await start("auto", () => undefined);
  expect(report).toMatchObject({ backend: "cpu", slowBecause: { kind: "noWebGpu" } });
  expect(report.wasmFailure).toMatchObject({
    code: "BACKEND_FAILED",
    message: expect.stringContaining("/nowhere/") as string,
  });
});
