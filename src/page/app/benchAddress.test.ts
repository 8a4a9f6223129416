import { expect, test } from "vitest";
import { workloadById } from "../../engine/bench/workloads";
import { BENCH_WORKLOADS } from "../ui/bench/benchFigures";
import { readBenchAddress } from "./benchAddress";

test("only an address with ?bench asks for a measurement", () => {
  expect(readBenchAddress("?preset=tiny&workload=nano")).toBeUndefined();
  expect(readBenchAddress("?bench")).toEqual({ workload: "nano" });
  expect(readBenchAddress("?bench=1&workload=tiny&batch=2&steps=3")).toEqual({
    workload: "tiny",
    batch: 2,
    steps: 3,
  });
});

test("counts that are none are left to the adapter", () => {
  expect(readBenchAddress("?bench&steps=0&batch=-2")).toEqual({ workload: "nano" });
  expect(readBenchAddress("?bench&steps=1e9&batch=x")).toEqual({ workload: "nano" });
});

test("every workload the page offers is measured under its id", () => {
  for (const { value } of BENCH_WORKLOADS) expect(workloadById(value).id).toBe(value);
});
