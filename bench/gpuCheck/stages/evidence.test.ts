import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "evidence-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("pairs of real runs are measured over steps and told with the interval of their differences", () => {
  const program = ["scripts/run.mjs", "test/tinyEvidence.ts", folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const told: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  const measured = [{ step: 2, kid: expect.any(Number) as number }];
  const runs = [0, 1].flatMap((seed) =>
    [0.5, 0].map((projCoeff) => ({ seed, projCoeff, phase: "finished", steps: 2, measured })),
  );
  expect(told).toMatchObject({ end: { status: "done" }, figures: { software: false, runs } });
  const text = (told as { readonly lines: readonly string[] }).lines.join("\n");
  expect(text).toMatch(/2 pairs of 2 steps/);
  expect(text).toMatch(/λ 0\.5 minus 0, KID x 1000: -?\d+\.\d ± \d+\.\d \(95 %\)/);
}, 120_000);
