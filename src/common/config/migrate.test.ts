import { expect, test } from "vitest";
import { migratePayload } from "./migrate";

const migrations = {
  1: (payload: object) => ({ ...payload, two: true }),
  2: (payload: object) => ({ ...payload, three: "two" in payload }),
};

test("older payloads pass through every version up to the target; newer ones stay", () => {
  const options = { migrations, target: 3 };
  expect(migratePayload({}, 1, options)).toEqual({ two: true, three: true });
  expect(migratePayload({}, 2, options)).toEqual({ three: false });
  expect(migratePayload({ a: 1 }, 3, options)).toEqual({ a: 1 });
  expect(migratePayload({ a: 1 }, 9, options)).toEqual({ a: 1 });
});
