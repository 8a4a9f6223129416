import { dataViewOn } from "./dataView";
import { expect, test } from "./fixtures";
import { BROKEN_PATH, GOOD_IMAGES, TEST_CLASSES, testFiles, testZip } from "./hub/testData";
import { writeTestFolder } from "./hub/testFolder";

const STEPS = 2;

test.use({ backend: "wasm" });
test.setTimeout(120_000);

test("a folder with a broken file is imported, looked at, trained on, and there after a reload", async ({
  studio,
  page,
}, info) => {
  const folder = info.outputPath("shapes");
  writeTestFolder(folder);
  // a native picker cannot be driven; without it the page falls back to one that can
  await page.addInitScript(() => {
    Object.defineProperty(window, "showDirectoryPicker", { value: undefined });
  });
  const view = dataViewOn(page);
  await studio.open("preset=tiny", "#/data");

  await view.addFolder(folder);
  await view.imported("shapes");
  const shapes = view.row("shapes");
  await expect(shapes).toContainText(`${GOOD_IMAGES} images · ${TEST_CLASSES.length} classes`);
  await shapes.getByRole("button", { name: "1 skipped of shapes" }).click();
  await expect(page.getByRole("list", { name: "Skipped images" })).toContainText(BROKEN_PATH);
  await page.keyboard.press("Escape");

  // what was imported is shown at once
  await expect(view.tiles).toHaveCount(GOOD_IMAGES);
  await view.chooseClass("red (4)");
  await expect(view.tiles).toHaveCount(4);
  for (const [red, green, blue] of await view.meanColours()) {
    expect(red).toBeGreaterThan(2 * Math.max(green ?? 0, blue ?? 0));
  }

  await view.tiles.nth(0).click();
  await view.tiles.nth(1).click();
  await view.encoder("Patch histograms (hand-made control)").check();
  await studio.button("Show what they see").click();
  for (const encoder of [/^Tiny ViT/, /^Patch histograms/]) {
    const row = view.maps.getByRole("row", { name: encoder });
    await expect(row).toContainText(/Spatial score\s*-?\d.*n = 2/, { timeout: 60_000 });
    await expect(row.locator("canvas")).toHaveCount(2);
  }

  await studio.button("Use shapes for training").click();
  await expect(page.getByRole("alert", { name: "Adjusted" })).toContainText("Held-out fraction");
  await page.getByRole("link", { name: "Train" }).click();
  await studio.setting("Steps").fill(String(STEPS));
  await studio.button("Train").click();
  await studio.waitForPhase("Finished");
  expect(await studio.step()).toBe(STEPS);
  const run = await studio.newestRun();
  const [stored] = await (await studio.db()).datasets();
  expect(run.experiment.data).toMatchObject({
    dataset: "imported",
    imported: { hash: stored?.hash, images: GOOD_IMAGES, classes: 3, resolution: 64 },
  });

  await studio.open("", "#/data");
  await expect(shapes).toContainText("trained on");
  await shapes.getByRole("button", { name: /^shapes/ }).click();
  await expect(view.tiles).toHaveCount(GOOD_IMAGES);
  await expect(view.prefill).toContainText(`All ${GOOD_IMAGES} images are cached`);

  await view.addArchive("packed.zip", await testZip());
  await view.imported("packed");
  const kept = await (await studio.db()).datasets();
  expect(kept).toEqual([{ name: "packed", images: GOOD_IMAGES, hash: stored?.hash }]);
  await expect(view.row("packed")).toContainText("trained on");
  await expect(shapes).toHaveCount(0);
  await expect(view.tiles).toHaveCount(GOOD_IMAGES);

  // what an import would give is seen, and changed, before it starts
  await studio.button("Dismiss import notice").click();
  const [red, blue, other] = testFiles();
  const split = [
    { path: "data/train/cat/1.png", bytes: red?.bytes ?? new Uint8Array() },
    { path: "data/train/dog/2.png", bytes: blue?.bytes ?? new Uint8Array() },
    { path: "data/val/cat/3.png", bytes: other?.bytes ?? new Uint8Array() },
    { path: "data/val/owl/4.heic", bytes: new Uint8Array(9) },
  ];
  await view.chooseArchive("split.zip", await testZip(split));
  const preview = page.getByRole("region", { name: "What an import gives" });
  await expect(preview).toContainText("2 images in 2 classes");
  await expect(preview).toContainText('"train" is taken');
  await preview.getByRole("combobox", { name: "Split" }).click();
  await page.getByRole("option", { name: "all of them" }).click();
  await expect(preview).toContainText("3 images in 2 classes, 1 left out");
  await expect(preview.getByRole("list", { name: "Images left out" })).toContainText("4.heic");
  await preview.getByRole("textbox", { name: "Name of dog" }).fill("pet");
  await preview.getByRole("textbox", { name: "Name of cat" }).fill("pet");
  await view.form.getByRole("button", { name: "Import" }).click();
  await view.imported("split");
  await expect(view.row("split")).toContainText("3 images · 1 class ·");
  await view.row("split").getByRole("button", { name: "Notes on split" }).click();
  await expect(page.getByRole("list", { name: "Notes on these images" })).toContainText(
    "Its folders are splits",
  );
});
