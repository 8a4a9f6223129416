import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryExperiment, arbitraryTimeline } from "../../../test/arbitraryExperiment";
import { StudioError } from "../errors/studioError";
import { Experiment } from "./experiment";
import { SCHEMA_VERSION } from "./migrate";
import { decodeRunFile, encodeRunFile, runFileRefusal } from "./runFile";

const card = { codeVersion: "0.1.0" };

test("any experiment and timeline come back as they were", () => {
  fc.assert(
    fc.property(arbitraryExperiment, arbitraryTimeline, (experiment, timeline) => {
      const run = { experiment, timeline, card };
      expect(decodeRunFile(encodeRunFile(run))).toEqual({ ...run, issues: [] });
    }),
  );
});

test("a timeline that no link holds comes back whole", () => {
  const timeline = Array.from({ length: 3000 }, (_, i) => ({
    step: i * 7,
    change: { projCoeff: Math.sin(i) ** 2 },
  }));
  const run = { experiment: Experiment.parse({}), timeline, card: {} };
  expect(decodeRunFile(encodeRunFile(run)).timeline).toEqual(timeline);
});

test("what cannot be taken is named, the rest is offered", () => {
  const { experiment, timeline, issues } = decodeRunFile(
    JSON.stringify({
      kind: "repa-studio-run",
      v: SCHEMA_VERSION + 1,
      experiment: { optimizer: { steps: -1, seed: 7 } },
      timeline: [{ step: 1, change: { projCoeff: 99 } }],
      sweep: [],
    }),
  );
  expect(issues.map(({ path }) => path)).toEqual([
    "v",
    "sweep",
    "optimizer.steps",
    "timeline.0.change.projCoeff",
  ]);
  expect(issues[0]?.message).toContain("The file was made by a newer studio");
  expect(experiment.optimizer.seed).toBe(7);
  expect(timeline).toEqual([]);
});

test("anything else is refused with BAD_CONFIG and never with another error", () => {
  const whole = JSON.stringify({ kind: "repa-studio-run", v: 1 });
  const codeOf = (text: string) => {
    try {
      decodeRunFile(text);
    } catch (error) {
      return error instanceof StudioError ? error.code : "not a StudioError";
    }
    return "read";
  };
  expect(codeOf(whole)).toBe("read");
  for (const text of ["", "[]", "{}", "null", '{"v":1}', '{"kind":"repa-studio-run"}']) {
    expect(codeOf(text)).toBe("BAD_CONFIG");
  }
  fc.assert(fc.property(fc.string(), (text) => codeOf(text) === "BAD_CONFIG"));
  fc.assert(
    fc.property(fc.jsonValue(), (part) => {
      const text = JSON.stringify({
        kind: "repa-studio-run",
        v: 1,
        experiment: part,
        timeline: part,
      });
      expect(codeOf(text)).toBe("read");
    }),
  );
  expect(runFileRefusal(9_000_000)?.message).toContain("9000000 bytes");
});
