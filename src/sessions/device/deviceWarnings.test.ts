import { expect, test } from "vitest";
import type { DeviceReport } from "../../common/protocol/shared";
import { deviceWarnings } from "./deviceWarnings";

const sound: DeviceReport = {
  backend: "webgpu",
  adapter: "a GPU",
  slow: false,
  float16: true,
  tile: "register 16x8 dots",
};
const messages = (device: DeviceReport) => deviceWarnings(device).map(({ message }) => message);

test("a sound device says nothing, and neither does a slow one that was asked for", () => {
  expect(messages(sound)).toEqual([]);
  expect(messages({ ...sound, slow: true, slowBecause: { kind: "asked" } })).toEqual([]);
  expect(
    messages({ ...sound, selfCheck: { tiles: [], operations: [], float16: "Linear off by 1" } }),
  ).toEqual([]);
});

test("a tile that failed is named with what is used instead", () => {
  const tiles = [{ name: "shared 4x4", reason: "Linear off by 0.8" }];
  expect(messages({ ...sound, selfCheck: { tiles, operations: [] } })).toEqual([
    'On a GPU the tile "shared 4x4" of matrix products failed its self-check (Linear off by 0.8); "register 16x8 dots" is used instead.',
  ]);
});

test("operations that failed are named with how", () => {
  const operations = [
    { name: "Attention", reason: "off by 1" },
    { name: "VelocityLoss", reason: "gives no number" },
  ];
  const [message] = messages({ ...sound, selfCheck: { tiles: [], operations } });
  expect(message).toContain("a GPU");
  expect(message).toContain("Attention (off by 1), VelocityLoss (gives no number)");
});

test("a backend that did not start is told with its message and hint, and what runs instead", () => {
  const failure = {
    code: "BACKEND_FAILED",
    message: 'WebGPU did not start: requestDevice failed with "no limits".',
    hint: "Restart the browser.",
  } as const;
  const device: DeviceReport = {
    backend: "wasm",
    adapter: "CPU (WebAssembly)",
    slow: true,
    float16: false,
    slowBecause: { kind: "failed", failure },
  };
  expect(deviceWarnings(device)).toEqual([
    {
      code: "BACKEND_FAILED",
      message: `${failure.message} This runs on wasm instead: CPU (WebAssembly).`,
      hint: "Restart the browser.",
    },
  ]);
  expect(messages({ ...device, wasmFailure: failure })).toHaveLength(2);
});
