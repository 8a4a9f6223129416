import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures";
import { tiny } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(300_000);

test("two runs are compared: settings, figures, speed, samples, and all of it in one file", async ({
  studio,
}) => {
  const { page } = studio;
  await studio.runLink(tiny({ alignment: { projCoeff: 0 } }));
  await studio.waitForPhase("Finished");
  await studio.runLink(tiny());
  await studio.waitForPhase("Finished");
  const list = page.getByRole("region", { name: "Runs", exact: true });
  await list
    .getByRole("listitem")
    .filter({ hasText: "of 1000" }) // the run that the caches came with
    .getByRole("button", { name: /^Draw/, pressed: true })
    .click();

  await page.getByRole("link", { name: "Compare" }).click();
  const view = page.getByRole("main", { name: "Compare" });
  await expect(view).toContainText("Compare 2 runs");
  const settings = view.getByRole("region", { name: "Settings that differ" });
  await expect(settings.getByRole("row")).toHaveCount(2); // names, and λ
  await expect(settings.getByRole("row", { name: /Alignment weight λ/ })).toContainText("0.5");
  await expect(view.getByRole("note")).toContainText("step 40");

  const figures = view.getByRole("region", { name: "Figures" });
  await expect(figures.getByRole("row", { name: /KID × 1000/ })).toContainText(
    /± .*(told apart|better|worse)/,
  );
  await expect(figures.getByRole("row", { name: /CKNNA/ })).toContainText(/0\.\d+/);
  await figures.getByText("Same time").click();
  await expect(figures).toContainText(/within .* of training/);

  const speed = view.getByRole("region", { name: "Speed" });
  await speed.getByLabel("KID × 1000 below").fill("100000");
  await expect(speed.getByRole("row", { name: /^Steps/ })).toContainText("between 0 and 10");
  await expect(speed.getByRole("row", { name: /Sooner/ })).toContainText("1×");

  const samples = view.getByRole("region", { name: "Samples side by side" });
  await expect(samples.getByRole("figure")).toHaveCount(2);
  await expect(samples.getByRole("button", { name: /^Sample/ })).toHaveCount(8);
  await samples
    .getByRole("button", { name: /^Sample 3/ })
    .first()
    .click();
  await expect(samples.getByRole("button", { name: /^Sample/ })).toHaveCount(2); // one, in both runs
  const overSteps = samples.getByRole("table", { name: "Sample 3 over steps" });
  await expect(overSteps.getByRole("img")).toHaveCount(8); // steps 10 to 40 of both
  await samples
    .getByRole("button", { name: /^Sample 3/ })
    .first()
    .click();
  await samples.getByText("Difference").click();
  await expect(samples.getByRole("img", { name: /^Difference of the samples/ })).toBeVisible();
  await expect(samples).toContainText(/On average [0-9.]+ of 255/);
  await samples.getByText("Swipe").click();
  await samples.getByRole("slider", { name: /^Divider/ }).press("ArrowLeft");
  const picture = page.waitForEvent("download");
  await studio.button("Save as one PNG").click();
  const png = await readFile(await (await picture).path());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  await samples.getByText("Side by side").click();

  // one scrubber for the grids of both
  await expect(samples).toContainText("step 40");
  await page.getByRole("slider", { name: "Training step shown" }).press("Home");
  await expect(samples.getByText("no grid yet")).toHaveCount(2);
  await studio.button("Length of the film").click();
  await page.getByRole("menuitem", { name: "The whole run in 5 s" }).click();
  await studio.button("Play the run as a film").click();
  await expect(samples.getByText("step 40")).toHaveCount(2, { timeout: 15_000 });
  await expect(view.getByRole("figure", { name: "KID by training step" })).toBeVisible();
  await expect(studio.curves("KID by training step").last()).toBeVisible();

  const saved = page.waitForEvent("download");
  await studio.button("Save as one HTML file").click();
  const path = await (await saved).path();
  const html = await readFile(path, "utf8");
  expect(html).toContain("Alignment weight");
  expect(html.match(/<img src="data:image\/png;base64,[A-Za-z0-9+/=]{100,}/g)).toHaveLength(2);
  expect(html.match(/<svg/g)?.length).toBeGreaterThanOrEqual(3);
  expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);

  await page.goto("/?backend=wasm#/compare"); // a link to this browser's runs
  await expect(view).toContainText("Compare 2 runs");
});
