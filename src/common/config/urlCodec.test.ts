import fc from "fast-check";
import { deflateSync } from "fflate";
import { describe, expect, test } from "vitest";
import { arbitraryExperiment, arbitraryTimeline } from "../../../test/arbitraryExperiment";
import { StudioError } from "../errors/studioError";
import { Experiment } from "./experiment";
import { PRESETS } from "./presets";
import { decodeLink, encodeLink } from "./urlCodec";

const HASH = "0123456789abcdef".repeat(4);
const card = { datasetHash: HASH, codeVersion: "0.1.0+7bb2250" };

/** A link as another version, or an attacker, would write it. */
const linkOf = (payload: unknown) => {
  const packed = deflateSync(new TextEncoder().encode(JSON.stringify(payload)));
  return `#/run?x=${Buffer.from(packed).toString("base64url")}`;
};
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof StudioError ? error.code : "not a StudioError";
  }
  return "nothing thrown";
};

describe("encodeLink", () => {
  test("any experiment and timeline come back as they were", () => {
    fc.assert(
      fc.property(arbitraryExperiment, arbitraryTimeline, (experiment, timeline) => {
        const decoded = decodeLink(encodeLink({ experiment, timeline, card }));
        expect(decoded).toEqual({ experiment, timeline, card, issues: [] });
      }),
    );
  });

  test.each(PRESETS)("$id with a short timeline stays below 600 characters", ({ experiment }) => {
    const timeline = [
      { step: 250, change: { projCoeff: 1 } },
      { step: 500, change: { encoderDepth: 3, encoders: ["patch-histogram" as const] } },
    ];
    const link = encodeLink({ experiment, timeline, card });
    expect(link.length).toBeLessThan(600);
    expect(link).toMatch(/^#\/run\?x=[\w-]+$/);
    expect(decodeLink(link)).toEqual({ experiment, timeline, card, issues: [] });
  });

  test("a timeline too long for 8 kB is refused with its length", () => {
    const timeline = Array.from({ length: 3000 }, (_, i) => ({
      step: i * 7,
      change: { projCoeff: Math.sin(i) ** 2 },
    }));
    const run = { experiment: Experiment.parse({}), timeline, card: {} };
    expect(() => encodeLink(run)).toThrow(/3000 changes/);
  });

  test.each([
    // 1500 changes that deflate to a few characters: too many for a reader
    ["more changes than are read", 1500, { projCoeff: 1 }],
    // 900 changes of 100 characters each: more than a reader unpacks
    [
      "more than is unpacked",
      900,
      {
        projCoeff: 1,
        encoderDepth: 2,
        objective: "ntxent" as const,
        encoders: ["tiny-vit" as const],
      },
    ],
  ])("%s is refused although it is short", (_, count, change) => {
    const timeline = Array.from({ length: count }, (_, step) => ({ step, change }));
    const run = { experiment: Experiment.parse({}), timeline, card: {} };
    expect(codeOf(() => encodeLink(run))).toBe("BAD_LINK");
  });

  test("whatever is offered as a link is read again as it was", () => {
    const change = fc.record({ projCoeff: fc.double({ min: 0, max: 10, noNaN: true }) });
    const alike = fc
      .tuple(fc.integer({ min: 1, max: 3000 }), change)
      .map(([count, one]) => Array.from({ length: count }, (_, step) => ({ step, change: one })));
    fc.assert(
      fc.property(alike, (timeline) => {
        const run = { experiment: Experiment.parse({}), timeline, card };
        let link: string;
        try {
          link = encodeLink(run);
        } catch {
          return;
        }
        expect(decodeLink(link)).toEqual({ ...run, issues: [] });
      }),
      { numRuns: 30 },
    );
  });
});

describe("decodeLink names what it cannot take and offers the rest", () => {
  test("a value out of range, an unknown setting, an unknown group", () => {
    const { experiment, issues } = decodeLink(
      linkOf({
        v: 1,
        experiment: {
          alignment: { projCoeff: 99, encoderDepth: 2, warp: true },
          optimizer: { steps: "many", seed: 7 },
          weather: { rain: 1 },
        },
      }),
    );
    expect(issues.map((issue) => issue.path)).toEqual([
      "alignment.projCoeff",
      "alignment.warp",
      "optimizer.steps",
      "weather",
    ]);
    expect(issues[0]?.message).toMatch(/Alignment weight λ: .*default 0\.5/);
    expect(experiment).toEqual(
      Experiment.parse({ alignment: { encoderDepth: 2 }, optimizer: { seed: 7 } }),
    );
  });

  test("a newer version is said to be one, and what is known of it is read", () => {
    const link = linkOf({
      v: 2,
      experiment: { optimizer: { seed: 3 } },
      sweep: [1, 2],
    });
    const { experiment, issues } = decodeLink(link);
    expect(issues.map((issue) => issue.path)).toEqual(["v", "sweep"]);
    expect(issues[0]?.message).toMatch(/newer studio \(format 2/);
    expect(experiment.optimizer.seed).toBe(3);
  });

  test("a bad change in the timeline is left out by number, a bad card by part", () => {
    const {
      timeline,
      card: read,
      issues,
    } = decodeLink(
      linkOf({
        v: 1,
        timeline: [
          { step: 5, change: { projCoeff: 1 } },
          { step: 6, change: { projCoeff: -1 } },
          { step: -1, change: {} },
        ],
        card: { datasetHash: "x", codeVersion: "1.0", constructor: "x" },
      }),
    );
    expect(timeline).toEqual([{ step: 5, change: { projCoeff: 1 } }]);
    expect(read).toEqual({ codeVersion: "1.0" });
    expect(issues.map((issue) => issue.path)).toEqual([
      "timeline.1.change.projCoeff",
      "timeline.2.step",
      "card.datasetHash",
      "card.constructor",
    ]);
  });

  test("a part, a group and a setting called __proto__ are named like any other", () => {
    const packed = deflateSync(
      new TextEncoder().encode(
        '{"v":1,"__proto__":1,"experiment":{"__proto__":{"a":1},"data":{"__proto__":2}}}',
      ),
    );
    const { issues, experiment } = decodeLink(
      `#/run?x=${Buffer.from(packed).toString("base64url")}`,
    );
    expect(issues.map(({ path }) => path)).toEqual(["__proto__", "__proto__", "data.__proto__"]);
    expect(experiment).toEqual(Experiment.parse({}));
  });

  test("a message is short, however long what it is about", () => {
    const model = { size: "S".repeat(60_000) };
    const { issues } = decodeLink(linkOf({ v: 1, experiment: { model } }));
    expect(issues).toHaveLength(1);
    expect(JSON.stringify(issues).length).toBeLessThan(600);
  });

  test("parts of the wrong kind are named, and thousands of them are not all listed", () => {
    const wrong = decodeLink(linkOf({ v: 1, experiment: { data: 3, model: null }, timeline: {} }));
    expect(wrong.issues.map((issue) => issue.path)).toEqual(["data", "model", "timeline"]);
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`setting${i}`, i]));
    expect(decodeLink(linkOf({ v: 1, experiment: { data: many } })).issues).toHaveLength(50);
  });
});

describe("decodeLink refuses what nothing can be read from", () => {
  const good = encodeLink({ experiment: Experiment.parse({}), timeline: [], card });

  test.each([
    ["another page", "#/compare"],
    ["nothing after x=", "#/run?x="],
    ["other characters", "#/run?x=a%20b"],
    ["a link cut short", good.slice(0, -20)],
    ["too many characters", `#/run?x=${"A".repeat(9000)}`],
    ["no version", linkOf({ experiment: {} })],
    ["a version that is none", linkOf({ v: "1" })],
    ["a list", linkOf([1, 2, 3])],
  ])("%s", (_, link) => {
    expect(codeOf(() => decodeLink(link))).toBe("BAD_LINK");
  });

  test("a zip bomb, without unpacking it", () => {
    const bomb = linkOf({ v: 1, filler: "0".repeat(4_000_000) });
    expect(bomb.length).toBeLessThan(8192);
    expect(() => decodeLink(bomb)).toThrow(/more than 65536 bytes/);
  });

  test("garbage gives BAD_LINK or issues, never another error", () => {
    const settled = (link: string) => {
      try {
        Experiment.parse(decodeLink(link).experiment);
      } catch (error) {
        expect(error).toBeInstanceOf(StudioError);
        expect((error as StudioError).code).toBe("BAD_LINK");
      }
    };
    fc.assert(fc.property(fc.string(), (text) => settled(`#/run?x=${text}`)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        settled(`#/run?x=${Buffer.from(bytes).toString("base64url")}`),
      ),
    );
    const part = fc.jsonValue();
    fc.assert(
      fc.property(
        fc.record({ v: fc.constantFrom(1, 2), experiment: part, timeline: part, card: part }),
        (payload) => settled(linkOf(payload)),
      ),
    );
    const field = fc.record({ alignment: fc.record({ projCoeff: part, encoders: part }) });
    fc.assert(fc.property(field, (experiment) => settled(linkOf({ v: 1, experiment }))));
  });
});
