import { expect, test } from "vitest";
import { ENCODER_IDS, ENCODER_ROWS, encoderRow } from "./encoders";

test("ids and short names are each one encoder's", () => {
  expect(new Set(ENCODER_IDS).size).toBe(ENCODER_ROWS.length);
  expect(new Set(ENCODER_ROWS.map(({ short }) => short)).size).toBe(ENCODER_ROWS.length);
  for (const id of ENCODER_IDS) expect(encoderRow(id).id).toBe(id);
});
