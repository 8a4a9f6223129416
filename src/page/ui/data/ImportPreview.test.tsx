import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { ImageReport } from "../../../common/protocol/datasets";
import type { Look } from "../../store/datasetsSlice";
import { ImportPreview, NO_CHOICES, withClass, type ImportChoices } from "./ImportPreview";

const REPORT: ImageReport = {
  images: 3,
  classes: [
    { name: "cat", count: 2 },
    { name: "dog", count: 1 },
  ],
  skippedCount: 201,
  skipped: [{ name: "owl/4.heic", reason: "it is a HEIC image" }],
  notes: ["Its folders are splits."],
  resolution: 40,
  split: "train",
  splits: [
    { name: "train", images: 3 },
    { name: "val", images: 2 },
  ],
  problem: null,
};
const markup = (look: Look, choices: ImportChoices = NO_CHOICES) =>
  renderToStaticMarkup(
    <MantineProvider>
      <ImportPreview look={look} choices={choices} onChoices={() => undefined} />
    </MantineProvider>,
  );

test("says what an import gives: counts, classes, what is left out and why, notes", () => {
  const text = markup({ status: "ready", report: REPORT });
  for (const part of [
    "3 images in 2 classes, 201 left out",
    "a side of 40 px suits them",
    'aria-label="Name of dog"',
    "owl/4.heic",
    "it is a HEIC image",
    "and 200 more",
    "Its folders are splits.",
  ]) {
    expect(text).toContain(part);
  }
});

test("says that it looks, and why there is nothing", () => {
  expect(markup({ status: "looking", looked: 25 })).toContain("Looking: 25 images");
  const failure = { code: "BAD_ARCHIVE", message: "It is no zip.", hint: "Unpack it." } as const;
  expect(markup({ status: "failed", failure })).toContain("It is no zip. Unpack it.");
  const problem = { code: "BAD_DATASET", message: "None is usable.", hint: "Choose." } as const;
  expect(markup({ status: "ready", report: { ...REPORT, problem } })).toContain("None is usable.");
});

test("a class that is left out keeps its row and cannot be renamed", () => {
  const choices = { ...NO_CHOICES, classes: withClass([], "dog", null) };
  expect(markup({ status: "ready", report: REPORT }, choices)).toMatch(
    /disabled=""[^>]*aria-label="Name of dog"|aria-label="Name of dog"[^>]*disabled=""/,
  );
  expect(withClass(choices.classes, "dog", "dog"), "back to its own name").toEqual([]);
  expect(withClass(choices.classes, "dog", "pet")).toEqual([["dog", "pet"]]);
});
