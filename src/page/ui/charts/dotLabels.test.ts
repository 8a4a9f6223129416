import { expect, test } from "vitest";
import { labelSides } from "./dotLabels";

const PLOT = { width: 300, height: 150 };

test("a label stands right of its dot, or left where it would leave the plot", () => {
  const dots = [
    { x: 20, y: 70, label: "first" },
    { x: 290, y: 70, label: "last" },
  ];
  expect(labelSides(dots, PLOT)).toEqual(["right", "left"]);
});

test("a label that would cover a dot or another label goes elsewhere, or nowhere", () => {
  const close = [100, 112].map((x) => ({ x, y: 70, label: "neighbours" }));
  expect(labelSides(close, PLOT)).toEqual(["left", "right"]);
  const crowd = Array.from({ length: 12 }, (_, index) => ({
    x: 100 + 4 * index,
    y: 70,
    label: "one of a crowd",
  }));
  expect(labelSides(crowd, PLOT)).toContain(null);
});
