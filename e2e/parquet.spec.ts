import { randomBytes } from "node:crypto";
import { encode } from "fast-png";
import { dataViewOn } from "./dataView";
import { expect, test } from "./hub/fixtures";
import { GOOD_IMAGES, TEST_CLASSES, testFiles, testParquet, type TestFile } from "./hub/testData";

const REPO = "someone/shapes";
const KEY = `datasets/${REPO}@main/data/train-00000-of-00001.parquet`;
const STEPS = 2;

test.use({ backend: "wasm" });
test.setTimeout(120_000);

test("parquet by ranges, as a whole and as a file is one data set; it trains", async ({
  studio,
  page,
  hub,
}) => {
  const files = testFiles();
  // a column that is not needed and far larger than the others
  const captions = files.map(() => randomBytes(150_000).toString("base64"));
  const parquet = testParquet(files, captions);
  hub.put(KEY, parquet);
  const stored = () => hub.log.filter(({ host }) => host === "storage");
  const view = dataViewOn(page);
  await studio.open("preset=tiny", "#/data");

  await view.chooseHub(REPO);
  expect(stored(), "nothing is downloaded before it is confirmed").toEqual([]);
  await view.importHub();
  await view.imported("shapes");
  const row = view.row("shapes");
  await expect(row).toContainText(`${GOOD_IMAGES} images · ${TEST_CLASSES.length} classes`);
  await expect(row).toContainText("1 skipped");
  expect(stored().map(({ status }) => status)).not.toContain(200);
  const sent = stored().reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  expect(sent).toBeLessThan(parquet.length / 2);
  const [byRanges] = await (await studio.db()).datasets();
  const once = async (name: string) =>
    expect(await (await studio.db()).datasets()).toEqual([{ ...byRanges, name }]);

  hub.clearLog();
  hub.fail({ failure: { kind: "noRange" }, host: "storage", times: Infinity });
  await studio.button("Dismiss import notice").click();
  await view.chooseHub(REPO);
  await view.importHub();
  await view.imported("shapes");
  const answers = stored().map(({ range, status }) => ({ range, status }));
  expect(answers, "one question, one download").toEqual([
    { range: "bytes=0-0", status: 200 },
    { range: `bytes=0-${parquet.length - 1}`, status: 200 },
  ]);
  await once("shapes");

  await studio.button("Dismiss import notice").click();
  await page.getByText("This computer", { exact: true }).click();
  await view.addArchive("by-hand.parquet", parquet);
  await view.imported("by-hand");
  await once("by-hand");

  await studio.button("Use by-hand for training").click();
  await page.getByRole("link", { name: "Train" }).click();
  await studio.setting("Steps").fill(String(STEPS));
  await studio.button("Train").click();
  await studio.waitForPhase("Finished");
  const run = await studio.newestRun();
  expect(run.step).toBe(STEPS);
  expect(run.experiment.data.imported?.hash).toBe(byRanges?.hash);
});

/** Pictures that cannot be packed, so that a few fill several records of storage. */
function noisyFiles(count: number, side: number): TestFile[] {
  return Array.from({ length: count }, (_, i) => {
    const data = randomBytes(side * side * 3);
    const bytes = encode({ width: side, height: side, data, channels: 3 });
    return { path: `${TEST_CLASSES[i % 3] ?? ""}/${i}.png`, bytes };
  });
}

test("an import cut by a reload goes on from what was stored", async ({ studio, page, hub }) => {
  const count = 40;
  const parquet = testParquet(noisyFiles(count, 256));
  hub.put(KEY, parquet);
  hub.fail({
    failure: { kind: "trickle", bytesPerSecond: 1_500_000 },
    host: "storage",
    times: Infinity,
  });
  const view = dataViewOn(page);
  await studio.open("preset=tiny", "#/data");
  await view.chooseHub(REPO);
  await page.getByLabel("Side, px").fill("256");
  await view.importHub();
  const datasets = async () => (await studio.db()).datasets();
  await expect.poll(async () => (await datasets())[0]?.images ?? 0).toBeGreaterThan(0);
  await page.goto("about:blank");
  hub.heal();
  hub.clearLog();

  await studio.open("preset=tiny", "#/data");
  const [cut] = await datasets();
  expect(cut?.hash).toBeNull();
  await expect(view.row("shapes")).toContainText("The import is not complete.");
  await studio.button("Continue the import of shapes").click();
  await view.imported("shapes");
  await expect(view.row("shapes")).toContainText(`${count} images · 3 classes · 256 px`);
  const sent = hub.log.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  expect(sent, "what was stored is not fetched again").toBeLessThan(0.75 * parquet.length);
  const continued = await datasets();

  await studio.button("Dismiss import notice").click();
  await view.chooseHub(REPO);
  await page.getByLabel("Side, px").fill("256");
  await view.importHub();
  await view.imported("shapes");
  expect(await datasets(), "the same as one that was not cut").toEqual(continued);
});
