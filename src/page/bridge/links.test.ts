import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import type { RunRecord } from "../../common/storage/db";
import { createStudioStore } from "../store/studioStore";
import { pendingFile, pendingLink, repeatsNot, shareFile, shareLink, shownRun } from "./links";

const experiment = Experiment.parse({ alignment: { encoderDepth: 2 } });
const ADDRESS = new URL("https://studio.test/app/");
const MANY = Array.from({ length: 3000 }, (_, i) => ({
  step: i,
  change: { projCoeff: Math.sin(i) ** 2 },
}));

const asFile = (text: string, size = text.length) => ({ size, text: () => Promise.resolve(text) });

test("what is edited is shared with the changes that are scheduled", () => {
  const store = createStudioStore(experiment);
  const timeline = [{ step: 5, change: { projCoeff: 1 } }];
  store.getState().loadExperiment(experiment, null, timeline);
  const link = shareLink(shownRun(store.getState(), "1.0", undefined), ADDRESS);
  expect(pendingLink(new URL(link).hash, "1.0")).toMatchObject({
    from: "link",
    experiment,
    timeline,
    issues: [],
    mismatch: null,
  });
});

test("a timeline that no link holds goes through a file, whole", async () => {
  const run = { experiment, timeline: MANY, card: { codeVersion: "1.0" } };
  expect(() => shareLink(run, ADDRESS)).toThrow(/3000 changes/);
  const { blob, name } = shareFile(run, "First minute, λ up");
  expect(name).toBe("repa-studio-first-minute-up.json");
  const opened = await pendingFile(asFile(await blob.text()), "2.0");
  expect(opened).toMatchObject({ from: "file", experiment, timeline: MANY, issues: [] });
  expect(opened.mismatch).toContain("Made with version 1.0");
});

test("a fork that no timeline tells is said to be not repeated, and no other run", () => {
  const record = (parent?: RunRecord["parent"]) => ({ parent }) as RunRecord;
  expect(repeatsNot("link", record({ runId: "a", step: 400, repeatable: false }))?.message).toMatch(
    /from step 401 on.*The link gives them to all steps/,
  );
  expect(repeatsNot("file", record({ runId: "a", step: 400, repeatable: true }))).toBeNull();
  expect(repeatsNot("file", record())).toBeNull();
  expect(repeatsNot("file", undefined)).toBeNull();
});

test("a file that is none, or too large, says so and offers nothing", async () => {
  const refused = async (file: Parameters<typeof pendingFile>[0]) => {
    const { experiment: nothing, issues } = await pendingFile(file, "1.0");
    expect(nothing).toBeNull();
    return issues[0]?.message;
  };
  expect(await refused(asFile("no JSON"))).toContain("This file cannot be read: it is no JSON");
  expect(await refused(asFile("{}", 9e9))).toContain("9000000000 bytes");
  const gone = { size: 1, text: () => Promise.reject(new Error("it was moved")) };
  expect(await refused(gone)).toBe("it was moved");
});
