import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import type { Page } from "playwright";
import { TEST_CLASSES, testParquet } from "../../e2e/hub/testData";
import { randomUniform } from "../../src/common/math/rng";
import type { PageDb } from "../headless/pageDb";
import type { Act } from "./drive";

const NAME = "pictures";
const IMAGES = 150;
const SIDE = 96;

/** Pictures that cannot be packed, so that an import of them fills several records of storage; always the same. */
export function writePictures(folder: string): string {
  const path = join(folder, `${NAME}.parquet`);
  if (existsSync(path)) return path; // an import that was cut goes on only over the same file
  const files = Array.from({ length: IMAGES }, (_, i) => {
    const pixels = randomUniform({ seed: 1, stream: "faults", index: i }, SIDE * SIDE * 3);
    const data = Uint8Array.from(pixels, (value) => Math.floor(256 * value));
    const bytes = encode({ width: SIDE, height: SIDE, data, channels: 3 });
    return { path: `${TEST_CLASSES[i % TEST_CLASSES.length] ?? ""}/${i}.png`, bytes };
  });
  writeFileSync(path, testParquet(files));
  return path;
}

/** Imports the pictures, or goes on with an import of them that was cut, as a person would: the same file is chosen again. */
export async function importPictures(
  page: Page,
  file: string,
  act: Act,
  db: PageDb,
  onUnderWay: () => void,
): Promise<void> {
  const isDone = async () => (await db.datasets()).some(({ hash }) => hash !== null);
  if (await isDone()) return;
  const link = (name: string) => page.getByRole("link", { name, exact: true });
  const form = page.getByRole("form", { name: "Import" });
  await act((options) => link("Data").click(options));
  await act(async (options) => {
    const chooser = page.waitForEvent("filechooser", options);
    await page.getByRole("button", { name: "Choose zip or parquet", exact: true }).click(options);
    await (await chooser).setFiles(file);
  });
  await act((options) => form.getByRole("button", { name: "Import" }).click(options));
  onUnderWay();
  await act((options) => page.getByRole("alert", { name: `${NAME} is here` }).waitFor(options));
  await act((options) => link("Train").click(options));
}
