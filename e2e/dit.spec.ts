import { analyseViewOn } from "./analyseView";
import { expect, listen, test } from "./fixtures";
import { digest, storedParameters } from "./parameters";
import { studioOn } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(600_000);

/** The tiny preset's steps, and its head: patches of 8 x 8 pixels of three channels, noise and variance. */
const STEPS = 40;
const HEAD_ROWS = 8 * 8 * 2 * 3;

test("the family is switched to DiT, which trains, samples and is analysed, and a link repeats it to the bit", async ({
  studio,
  browser,
  complaints,
}) => {
  const { page } = studio;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await studio.open();
  await page.getByRole("button", { name: "Sampling", exact: true }).click();
  await expect(studio.setting("Solver")).toBeVisible();
  await page.getByRole("radiogroup", { name: "Model family" }).getByText("DiT").click();
  // what only a SiT has is gone, what only a DiT has is there
  await expect(studio.setting("DDPM sampler")).toBeVisible();
  await expect(studio.setting("Solver")).toBeHidden();

  await studio.button("Train").click();
  await studio.waitForPhase("Finished");
  await expect(page.getByRole("img", { name: /^Sample 1: / })).toBeVisible();
  await expect(page.getByText("Ancestral (learned variance), 2 steps")).toBeVisible();
  const half = "Predicted x₀ at t = 0.5 (DiT: step 258 of 1,000)";
  await expect(page.getByRole("img", { name: half, exact: true })).toBeVisible();
  await expect(studio.curves("KID by training step").last()).toBeVisible();
  const run = await studio.newestRun();
  expect(run.experiment.model.family).toBe("dit");
  const parameters = await storedParameters(studio, run.id, STEPS);
  expect(parameters.get("model.final_layer.linear.weight")?.shape).toEqual([HEAD_ROWS, 32]);
  const bits = digest(parameters);
  await studio.button("Copy link").click();
  await expect(studio.button("Copied")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const view = analyseViewOn(studio);
  await view.open();
  await view.step(STEPS).check();
  await view.count("Epochs").fill("5");
  await view.count("Images").fill("2");
  await view.analyse();
  const caption = view.figure("CKNNA by layer").locator("figcaption");
  await expect(caption).toContainText("t = 0.5 (DiT: step 258 of 1,000)");
  const cknna = (await view.csv("CKNNA by layer")).map((row) => Number(row.cknna));
  const { measurements } = await (await studio.db()).log(run.id, 0);
  const logged = measurements.find((m) => m.kind === "layerAlignment" && m.step === STEPS);
  expect(logged, "the analysis gives what the run logged").toMatchObject({ cknna });

  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  listen(context, complaints);
  const other = studioOn(await context.newPage(), "wasm");
  await other.open("from=link", link.slice(link.indexOf("#")));
  await expect(other.linkDialog).toContainText("DiT");
  await other.linkDialog.getByRole("button", { name: "Run it" }).click();
  await other.waitForPhase("Finished");
  const again = await other.newestRun();
  expect(again.experiment).toEqual(run.experiment);
  expect(digest(await storedParameters(other, again.id, STEPS))).toBe(bits);
  await context.close();
});
