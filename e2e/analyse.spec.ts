import type { StoredAnalysis } from "../src/common/protocol/analysis";
import { analyseViewOn } from "./analyseView";
import { expect, listen, test } from "./fixtures";
import { studioOn, tiny } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(600_000);

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const STEPS = 40;

/** Figures that one analysed checkpoint of one run fills. */
const FIGURES = [
  "Linear probe by layer, %",
  "CKNNA by layer",
  "CKNNA over steps and sizes",
  "Probe over t, %",
  "Probe against samples",
  "Probe, layer × t",
  "Same noise over steps",
  "PCA maps by block",
  "Samples against real images",
] as const;
const resultOf = <K extends StoredAnalysis["found"]["result"]["kind"]>(
  all: readonly StoredAnalysis[],
  kind: K,
  time?: number,
) => {
  type Wanted = Extract<StoredAnalysis["found"]["result"], { kind: K }>;
  const found = all
    .map(({ found: { result } }) => result)
    .find(
      (result): result is Wanted =>
        result.kind === kind && (time === undefined || ("time" in result && result.time === time)),
    );
  if (!found) throw new Error(`no ${kind} is stored`);
  return found;
};

test("a finished run is analysed: figures, exports and what is stored agree, and survive a reload", async ({
  studio,
  page,
  browser,
  baseURL,
}) => {
  const view = analyseViewOn(studio);
  await studio.runLink(tiny());
  await studio.waitForPhase("Finished");
  const { id } = await studio.newestRun();

  await view.open();
  await view.step(STEPS).check();
  await view.time(0.2).click();
  await view.part("Samples").check({ force: true });
  await view.count("Count").fill("16");
  await view.count("Epochs").fill("5");
  await view.count("Images").fill("2");
  await view.analyse();
  for (const title of FIGURES) {
    await expect(view.save(title, "PNG"), title).not.toHaveAttribute("aria-disabled", "true");
  }

  const db = await studio.db();
  const stored = await db.analyses();
  const cknna = resultOf(stored, "alignment", 0.5);
  const rows = await view.csv("CKNNA by layer");
  expect(rows.map((row) => Number(row.cknna))).toEqual(cknna.cknna);
  expect(rows.map((row) => [row.t, row.n, row.k])).toEqual(
    cknna.cknna.map(() => ["0.5", String(cknna.imageCount), String(cknna.k)]),
  );
  const { measurements } = await db.log(id, 0);
  const logged = measurements.find((m) => m.kind === "layerAlignment" && m.step === STEPS);
  expect(logged).toMatchObject({ cknna: cknna.cknna, chance: cknna.chance });
  const probe = resultOf(stored, "probe", 0.5);
  const probed = (await view.csv("Linear probe by layer, %")).filter(({ block }) => block !== "");
  expect(probed.map((row) => Number(row.accuracy_share))).toEqual(
    probe.layers.map(({ accuracy }) => accuracy.value),
  );
  const samples = resultOf(stored, "samples");
  const kid = (await view.csv("Samples against real images")).find(({ metric }) =>
    metric?.startsWith("KID"),
  );
  expect(kid).toMatchObject({ value: String(samples.kid), n: "16" });

  for (const title of FIGURES) {
    const png = await view.download(title, "PNG");
    expect(png.subarray(0, PNG.length), `${title} as PNG`).toEqual(PNG);
    const svg = (await view.download(title, "SVG")).toString("utf8");
    expect(await view.xmlError(svg), `${title} as SVG`).toBeNull();
    expect(svg, "colours are resolved").not.toContain("var(");
    expect(svg, "its title is drawn").toContain(title.split(" ")[0]);
    expect((await view.csv(title)).length, `${title} as CSV`).toBeGreaterThan(0);
  }

  // more samples than can be drawn before it is cancelled
  await view.count("Count").fill("8192");
  await view.cancel();
  expect((await db.analyses()).length).toBeGreaterThanOrEqual(stored.length);

  const saved = await db.checkpoint(id, STEPS);
  if (!saved) throw new Error("no checkpoint is stored");
  await page.reload();
  await view.step(STEPS).check();
  await expect(view.figure("CKNNA by layer").locator("figcaption")).toContainText("t = 0.5");

  // the file alone, in a browser that never saw the run
  const context = await browser.newContext({ baseURL: baseURL ?? "" });
  const complaints: string[] = [];
  listen(context, complaints);
  const fresh = studioOn(await context.newPage(), "wasm");
  await fresh.open("preset=tiny", "#/analyse");
  const other = analyseViewOn(fresh);
  await other.openFile("broken.safetensors", saved.bytes.subarray(0, 1000));
  await expect(fresh.alert("broken.safetensors was not opened")).toBeVisible();
  await other.openFile("tiny.safetensors", saved.bytes);
  await expect(other.step(STEPS)).toBeChecked();
  await other.part("Linear probe").uncheck({ force: true });
  await other.part("PCA maps").uncheck({ force: true });
  await other.analyse();
  const again = (await other.csv("CKNNA by layer")).map((row) => Number(row.cknna));
  expect(again, "a file gives what its run logged").toEqual(cknna.cknna);
  await fresh.button("Close tiny.safetensors").click();
  await expect(other.step(STEPS)).toHaveCount(0);
  expect(complaints).toEqual([]);
  await context.close();
});
