import { expect, test } from "vitest";
import type { DeviceReport, SlowReason } from "../../../common/protocol/shared";
import { selfCheckLines, slowText, slowTextOf } from "./device";

const failed: SlowReason = {
  kind: "failed",
  failure: { code: "BACKEND_FAILED", message: "WebGPU did not start: no.", hint: "Restart." },
};

test("every reason for the slow mode has a true sentence of its own", () => {
  const reasons: SlowReason[] = [
    { kind: "asked" },
    { kind: "noWebGpu" },
    { kind: "noAdapter" },
    { kind: "software", adapter: "lavapipe" },
    failed,
  ];
  expect(new Set(reasons.map((reason) => slowText(reason))).size).toBe(reasons.length);
  expect(slowText(failed)).toBe("WebGPU did not start: no. Restart.");
  expect(slowText({ kind: "software", adapter: "lavapipe" }, "wasm")).toContain("wasm was quicker");
  expect(slowText({ kind: "software", adapter: "lavapipe" }, "webgpu")).not.toContain("quicker");
});

test("a device's own reason counts, not the one known before; an old report has none", () => {
  const device: DeviceReport = { backend: "wasm", adapter: "CPU", slow: true, float16: false };
  expect(slowTextOf({ ...device, slowBecause: failed }, { kind: "asked" })).toContain(
    "no. Restart",
  );
  expect(slowTextOf(device, { kind: "asked" })).toBe("This device computes on the CPU.");
  expect(slowTextOf(null, { kind: "noAdapter" })).toContain("no adapter");
});

test("what failed the self-check is listed", () => {
  const one = [{ name: "shared 4x4", reason: "Linear off by 0.8" }];
  expect(selfCheckLines({})).toEqual([]);
  expect(
    selfCheckLines({ selfCheck: { tiles: one, operations: [], float16: "Linear off by 1" } }),
  ).toEqual([
    "Tiles of matrix products not used: shared 4x4 (Linear off by 0.8).",
    "Products in float16 not used: Linear off by 1.",
  ]);
});
