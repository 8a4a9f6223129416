import { expect, test } from "vitest";
import { vitShapes } from "../../engine/models/vitInit";
import type { VitArchitecture } from "./vitArchitecture";
import { ENCODER_IDS, ENCODER_ROWS, encoderRow } from "./encoders";

const bytesOf = (architecture: VitArchitecture): number =>
  [...vitShapes({ ...architecture, finalNorm: true }).values()].reduce(
    (sum, shape) => sum + 4 * shape.reduce((product, extent) => product * extent, 1),
    0,
  );

test("ids and short names are each one encoder's", () => {
  expect(new Set(ENCODER_IDS).size).toBe(ENCODER_ROWS.length);
  expect(new Set(ENCODER_ROWS.map(({ short }) => short)).size).toBe(ENCODER_ROWS.length);
  for (const id of ENCODER_IDS) expect(encoderRow(id).id).toBe(id);
});

test.each(ENCODER_ROWS)("$id: width, patch and native size fit its architecture", (row) => {
  const { vit, width, input, family } = row;
  if (!vit) return;
  expect([vit.width, vit.patch]).toEqual([width, input.patch]);
  expect(Number.isInteger(width / vit.heads)).toBe(true);
  const pixels = { dinov2: 518, "built-in": 64 } as Record<string, number>;
  expect(vit.grid * vit.patch).toBe(pixels[family] ?? 224);
});

test.each(ENCODER_ROWS.filter(({ weights }) => weights.kind === "hub"))(
  "$id: the preferred file is as large as its parameters, but for a head",
  ({ vit, weights }) => {
    if (!vit || weights.kind !== "hub") throw new Error("no architecture");
    const [{ bytes }] = weights.files;
    expect(bytes).toBeGreaterThanOrEqual(0.9999 * bytesOf(vit));
    const classifier = 4 * 1000 * (vit.width + 1); // supervised networks come with their classes
    expect(bytes).toBeLessThan(1.005 * bytesOf(vit) + classifier);
  },
);

test("licences that forbid commercial use are marked, and only those", () => {
  const restricted = ENCODER_ROWS.filter(
    ({ weights }) => weights.kind === "hub" && weights.files[0].licence.nonCommercial,
  );
  expect(restricted.map(({ id }) => id)).toEqual([
    "mae-b",
    "mae-l",
    "mocov3-b",
    "mocov3-l",
    "ijepa-h",
  ]);
});
