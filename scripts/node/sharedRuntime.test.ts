import { expect, test } from "vitest";
import { StudioError } from "../../src/common/errors/studioError";
import type { DeviceReport } from "../../src/common/protocol/shared";
import { sharedRuntime } from "./sharedRuntime";

const REPORT: DeviceReport = { backend: "wasm", adapter: "CPU", slow: true, float16: false };
const LOST = new StudioError("DEVICE_LOST", "gone", "wait");

/** A start that counts its calls and keeps what each would report a fault to. */
function counted() {
  const faults: ((fault: StudioError) => void)[] = [];
  const start = sharedRuntime((choice, onLost) => {
    faults.push(onLost);
    if (choice === "webgpu" && faults.length === 1) return Promise.reject(LOST);
    return Promise.resolve({ ...REPORT, adapter: `${choice} ${faults.length}` });
  });
  return { start, faults };
}

test("one start serves every session that wants the same backend; another choice starts anew", async () => {
  const { start, faults } = counted();
  const ignore = () => undefined;
  expect(await start("wasm", ignore)).toEqual(await start("wasm", ignore));
  expect(faults).toHaveLength(1);
  expect((await start("cpu", ignore)).adapter).toBe("cpu 2");
  expect((await start("wasm", ignore)).adapter).toBe("wasm 3");
});

test("a fault is told to the session that uses the device, and the next start is a new one", async () => {
  const { start, faults } = counted();
  const told: string[] = [];
  await start("auto", () => told.push("features"));
  await start("auto", () => told.push("trainer"));
  faults[0]?.(LOST);
  expect(told).toEqual(["trainer"]);
  expect((await start("auto", () => told.push("trainer again"))).adapter).toBe("auto 2");
  faults[0]?.(LOST); // of the device that is gone
  expect((await start("auto", () => undefined)).adapter).toBe("auto 2");
});

test("a start that failed is not remembered", async () => {
  const { start } = counted();
  await expect(start("webgpu", () => undefined)).rejects.toBe(LOST);
  expect((await start("webgpu", () => undefined)).adapter).toBe("webgpu 2");
});
