import { expect, test } from "vitest";
import { MOST_WASM_THREADS, wasmThreadCount } from "./wasmThreadCount";

test("all logical cores where memory can be shared", () => {
  expect(wasmThreadCount({ isolated: true, cores: 2 })).toBe(2);
  expect(wasmThreadCount({ isolated: true, cores: 1 })).toBe(1);
  expect(wasmThreadCount({ isolated: true, cores: 64 })).toBe(MOST_WASM_THREADS);
});

test("one thread where it cannot, and where nobody tells the number of cores", () => {
  expect(wasmThreadCount({ isolated: false, cores: 16 })).toBe(1);
  expect(wasmThreadCount({ isolated: true, cores: undefined })).toBe(1);
  expect(wasmThreadCount({ isolated: true, cores: 0 })).toBe(1);
  expect(wasmThreadCount({ isolated: true, cores: NaN })).toBe(1);
});
