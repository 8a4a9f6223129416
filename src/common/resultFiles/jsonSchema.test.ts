import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { Manifest } from "./manifest";
import { measurementJsonSchema } from "./measurements";

const SCHEMAS = {
  "manifest.schema.json": () => z.toJSONSchema(Manifest, { io: "input" }),
  "measurement.schema.json": measurementJsonSchema,
} as const;

test.each(Object.entries(SCHEMAS))("docs/result-files/%s says what is read", async (name, made) => {
  const file = new URL(`../../../docs/result-files/${name}`, import.meta.url);
  const written: unknown = JSON.parse(await readFile(file, "utf8"));
  // where they differ: write what was received into the file, and run npm run fix
  expect(written).toEqual(JSON.parse(JSON.stringify(made())));
});
