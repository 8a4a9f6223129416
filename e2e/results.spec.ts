import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { byteSourceOf } from "../src/common/formats/byteSource";
import { openResults } from "../src/common/resultFiles/openResults";
import { contentDigest } from "../src/common/resultFiles/runResults";
import { createRunLog } from "../scripts/headless/runLog";
import { readerResults } from "../scripts/resultFiles/readerResults";
import { writeResultsFile } from "../scripts/resultFiles/writeFile";
import { expect, test } from "./fixtures";
import { tiny, type Studio } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(240_000);

const LOSS = "Denoising loss by training step";
const FROM_PYTHON = "test/resultFiles/fromPython.zip";

const rowOf = ({ page }: Studio, text: string | RegExp) =>
  page
    .getByRole("region", { name: "Runs", exact: true })
    .getByRole("listitem")
    .filter({ hasText: text });

/** Presses an item of a run's menu. */
async function choose({ page }: Studio, row: Locator, item: string | RegExp): Promise<void> {
  await row.getByRole("button", { name: /^More about/ }).click();
  await page.getByRole("menu").getByRole("menuitem", { name: item }).click();
}

async function downloaded(page: Page, save: () => Promise<void>): Promise<Buffer> {
  const saving = page.waitForEvent("download");
  await save();
  return readFile(await (await saving).path());
}

/** Lets go of a file over a place of the page. */
async function drop(on: Locator, name: string, bytes: Buffer): Promise<void> {
  const dataTransfer = await on.page().evaluateHandle(
    ([file, base64]) => {
      const transfer = new DataTransfer();
      const contents = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      transfer.items.add(new File([contents], file));
      return transfer;
    },
    [name, bytes.toString("base64")] as const,
  );
  await on.dispatchEvent("drop", { dataTransfer });
}

/** The file as the headless command writes it, by the same reader of the page's database. */
async function headlessFile(studio: Studio, path: string): Promise<Buffer> {
  const db = await studio.db();
  const record = await studio.newestRun();
  const log = createRunLog();
  const { points, measurements } = await db.log(record.id, 0);
  log.add(points, measurements);
  const run = await readerResults(db, record, log);
  await writeResultsFile(path, [run], { checkpoints: false, madeBy: "a test" });
  return readFile(path);
}

const digestOf = async (bytes: Buffer): Promise<string> => {
  const [run] = (await openResults(byteSourceOf("a.zip", bytes))).runs;
  if (!run) throw new Error("the file holds no run");
  return contentDigest(run);
};

/** Its last figures in the list, and its line in a chart. */
const figuresOf = async (studio: Studio, row: Locator) => ({
  text: (await row.textContent())?.match(/KID.*/)?.[0].replace("Imported", ""),
  line: await studio.figure(LOSS).locator("path.run-line[d^=M]").last().getAttribute("d"),
});

test("a run is saved, deleted and dropped again: the same figures, and it goes on from its checkpoint", async ({
  studio,
}) => {
  const { page } = studio;
  const row = rowOf(studio, /\d+ of 4000/);
  const experiment = tiny({
    optimizer: { steps: 4000 },
    evaluation: { metricsEvery: 10, gridEvery: 10 },
  });
  await studio.runLink(experiment);
  await studio.waitForStep(12);
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  await expect(row).toContainText(/KID \d/);
  const { id, step } = await studio.newestRun();
  await choose(studio, row, "Draw this one only");
  const before = await figuresOf(studio, row);
  const headless = await headlessFile(studio, test.info().outputPath("headless.zip"));
  const saved = await downloaded(page, () =>
    choose(studio, row, /^Save results, with checkpoints \(.* MB\)$/),
  );
  expect(await digestOf(saved)).toBe(await digestOf(headless));

  await test.step("deleted from the disk", async () => {
    await choose(studio, row, "Delete");
    await studio.button("Runs and storage").click(); // closing it takes the undo away
    await page.getByRole("dialog", { name: "Runs and storage" }).press("Escape");
    await expect(row).toBeHidden();
    const stored = async () => (await (await studio.db()).runs()).map((run) => run.id);
    await expect.poll(stored).not.toContain(id); // the row goes first
    await page.goto("/?preset=tiny&backend=wasm");
  });

  await test.step("dropped: drawn with the same figures, and marked", async () => {
    const place = page.getByRole("complementary", { name: "Experiment" });
    await drop(place, "saved.zip", saved);
    await expect(page.getByRole("alert", { name: "saved.zip: 1 run" })).toContainText(
      /is in the list of runs, with \d checkpoints?\./,
    );
    await expect(row).toContainText("Imported");
    await expect(row).toContainText(`${step} of 4000`);
    await choose(studio, row, "Draw this one only");
    await expect.poll(() => figuresOf(studio, row)).toEqual(before);
    expect((await studio.newestRun()).id).toBe(id);
  });

  await test.step("dropped again, as the headless command writes it: it is here already", async () => {
    await drop(page.getByRole("region", { name: "Runs", exact: true }), "headless.zip", headless);
    await expect(page.getByRole("alert", { name: "headless.zip: 1 run" })).toContainText(
      "was already here",
    );
    await expect(row).toHaveCount(1);
  });

  await test.step("it goes on from its checkpoint", async () => {
    await choose(studio, row, `Continue from step ${step}`);
    await studio.waitForStep(step + 2);
    await studio.button("Stop").click();
    await studio.waitForPhase("Stopped");
  });

  await test.step("a run from Python stands beside it, and cannot go on", async () => {
    await page.goto("/?backend=wasm#/compare");
    const list = page.getByRole("region", { name: "Runs", exact: true });
    await drop(list, "fromPython.zip", await readFile(FROM_PYTHON));
    const python = rowOf(studio, "SiT-B/2 on eight cards");
    await expect(python).toContainText("KID 31.5");
    await expect(page.getByRole("heading", { name: "Compare 2 runs" })).toBeVisible();
    await python.getByRole("button", { name: /^More about/ }).click();
    await expect(
      page.getByRole("menuitem", { name: "No checkpoint to continue from" }),
    ).toBeDisabled();
    await page.keyboard.press("Escape");
    const both = await downloaded(page, async () => {
      await studio.button("More about the runs shown").click();
      await page
        .getByRole("menuitem", { name: "Save results of the runs shown", exact: true })
        .click();
    });
    expect((await openResults(byteSourceOf("both.zip", both))).runs).toHaveLength(2);
  });

  await test.step("a damaged file is refused by name", async () => {
    const list = page.getByRole("region", { name: "Runs", exact: true });
    await drop(list, "cut.zip", saved.subarray(0, saved.length / 2));
    await expect(
      page.getByRole("alert", { name: "cut.zip was not opened: BAD_RESULTS" }),
    ).toBeVisible();
  });
});
