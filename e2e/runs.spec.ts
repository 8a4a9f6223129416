import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { expect, test } from "./fixtures";
import { START_MS, tiny, type Studio } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(300_000);

/** The caches came with a run that was stopped at once: it is not of these tests. */
const OF_THE_TEST = /\d+ of (40|4000)(?!\d)/;
const LOSS = "Denoising loss by training step";

const listOf = ({ page }: Studio) => page.getByRole("region", { name: "Runs", exact: true });
const rowsOf = (studio: Studio) =>
  listOf(studio).getByRole("listitem").filter({ hasText: OF_THE_TEST });
/** It is hidden, so that charts show what a test made. */
const hideWarmRun = (studio: Studio) =>
  listOf(studio)
    .getByRole("listitem")
    .filter({ hasText: "of 1000" })
    .getByRole("button", { name: /^Draw/, pressed: true })
    .click();
const rowOf = (studio: Studio, differences: string) =>
  rowsOf(studio).filter({ hasText: differences });
const menuOf = async (studio: Studio, differences: string) => {
  await rowOf(studio, differences)
    .getByRole("button", { name: /^More about/ })
    .click();
  return studio.page.getByRole("menu");
};

/** Lines of runs in a chart, raw ones not counted. */
const linesOf = (studio: Studio, figure: string) =>
  studio.figure(figure).locator("path.run-line[d^=M]:not([data-run$=raw])");

test("two runs stand in a list, are drawn over each other, and keep how they are shown", async ({
  studio,
}) => {
  await test.step("a second run is drawn over the first", async () => {
    await studio.runLink(tiny());
    await studio.waitForPhase("Finished");
    await expect(rowOf(studio, "40 of 40")).toBeVisible();
    await hideWarmRun(studio);
    await studio.runLink(tiny({ alignment: { projCoeff: 0 }, optimizer: { seed: 1 } }));
    await studio.waitForPhase("Finished");
    await expect(rowsOf(studio)).toHaveCount(2);
    // what sets it apart from its preset, and its last figures
    const second = rowOf(studio, "λ 0.5 → 0, seed 1");
    await expect(second).toContainText("Finished · 40 of 40");
    await expect(second).toContainText(/KID \d/);
    await expect(second).toContainText(/CKNNA /);
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
    await expect(linesOf(studio, "KID by training step")).toHaveCount(2);
    await expect(studio.figure("CKNNA by layer")).toContainText(/step 40/);
  });

  const first = () =>
    rowsOf(studio).filter({ hasNotText: "seed 1" }).filter({ hasNotText: "baseline" });

  await test.step("the eye, and drawing one alone", async () => {
    await first().getByRole("button", { name: /^Draw/ }).click();
    await expect(linesOf(studio, LOSS)).toHaveCount(1);
    await first().getByRole("button", { name: /^Draw/ }).click();
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
    const menu = await menuOf(studio, "seed 1");
    await menu.getByRole("menuitem", { name: "Draw this one only" }).click();
    await expect(linesOf(studio, LOSS)).toHaveCount(1);
    await first().getByRole("button", { name: /^Draw/ }).click();
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
  });

  await test.step("name, colour and pin", async () => {
    let menu = await menuOf(studio, "seed 1");
    await menu.getByRole("menuitem", { name: "Rename" }).click();
    const input = studio.page.getByLabel(/^Name of/);
    await input.fill("the baseline");
    await input.press("Enter");
    await expect(rowOf(studio, "the baseline")).toBeVisible();
    menu = await menuOf(studio, "the baseline");
    await menu.getByRole("button", { name: "Colour 4" }).click();
    await studio.page.keyboard.press("Escape");
    menu = await menuOf(studio, "the baseline");
    await menu.getByRole("menuitem", { name: "Pin on top" }).click();
    await expect(
      studio.figure(LOSS).locator('path.run-line[stroke="var(--run-4)"]').first(),
    ).toBeAttached();
  });

  await test.step("all of it survives a reload", async () => {
    const stored = async () => (await (await studio.db()).runs()).filter(({ pinned }) => pinned);
    await expect.poll(async () => (await stored()).length).toBe(1); // what is shown is stored after it
    await studio.page.goto("/?backend=wasm");
    const row = rowOf(studio, "the baseline");
    await expect(row.getByLabel("Pinned")).toBeVisible();
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
    await expect(studio.figure(LOSS).locator('[stroke="var(--run-4)"]').first()).toBeAttached();
  });

  await test.step("another run opens without training", async () => {
    await first().getByRole("button", { name: /^Open/ }).click();
    await expect(studio.setting("Seed")).toHaveValue("0");
    await studio.waitForPhase("Finished");
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
    await expect(studio.figure("Samples").first()).toBeVisible();
  });

  await test.step("charts are zoomed together, and across in other units", async () => {
    const loss = studio.figure(LOSS).locator("svg.recharts-surface").first();
    const gradient = studio.figure("Gradient norm by training step");
    const box = await loss.boundingBox();
    if (!box) throw new Error("the chart is not on the page");
    const at = (share: number) => [box.x + 46 + share * (box.width - 60), box.y + 60] as const;
    await studio.page.mouse.move(...at(0.25));
    await studio.page.mouse.down();
    await studio.page.mouse.move(...at(0.4), { steps: 4 });
    await studio.page.mouse.move(...at(0.5), { steps: 4 });
    await studio.page.mouse.up();
    await expect(studio.button("Show all")).toBeVisible();
    await gradient.scrollIntoViewIfNeeded();
    await expect(gradient.locator(".recharts-xAxis-tick-labels")).not.toContainText("40");
    await studio.button("Show all").click();
    await expect(gradient.locator(".recharts-xAxis-tick-labels")).toContainText("40");
    const across = studio.page.getByRole("radiogroup", { name: "Across" });
    await across.getByText("Images").click();
    await expect(gradient.locator(".recharts-xAxis-tick-labels")).toContainText("150"); // batches of 4
    await across.getByText("Steps").click();
  });

  await test.step("what is pointed at is said of every run", async () => {
    const loss = studio.figure(LOSS);
    await loss.scrollIntoViewIfNeeded();
    const box = await loss.boundingBox();
    if (!box) throw new Error("the chart is not on the page");
    await studio.page.mouse.move(box.x + box.width / 2, box.y + 100);
    await expect(loss).toContainText("the baseline");
    await expect(loss).toContainText("Custom");
  });

  await test.step("agreement by layer and step is lines, or a map", async () => {
    const overSteps = studio.figure("CKNNA by training step");
    await overSteps.getByText("Map").click();
    await expect(
      overSteps.getByRole("img", { name: /^CKNNA over steps: CKNNA from/ }),
    ).toBeVisible();
    await expect(overSteps.getByRole("columnheader", { name: "40" })).toBeAttached();
    await overSteps.getByText("Lines").click();
  });

  await test.step("everything shown is one download that says what it is", async () => {
    const saved = studio.page.waitForEvent("download");
    await studio.page.getByRole("button", { name: /^Save all figures/ }).click();
    const files = unzipSync(await readFile(await (await saved).path()));
    const names = Object.keys(files);
    expect(names).toEqual(
      expect.arrayContaining(["denoising-loss.svg", "kid-1000.csv", "samples-step-40.png"]),
    );
    const text = (name: string) => new TextDecoder().decode(files[name]);
    expect(text("denoising-loss.svg")).toContain("Across: training step. Upward: Denoising loss");
    expect(text("denoising-loss.svg")).toMatch(/the baseline: λ 0, block 1, tiny-vit, seed 1/);
    expect(text("denoising-loss.csv").split("\r\n")).toHaveLength(82); // two runs of 40 steps
  });

  await test.step("every width has everything, and nothing is cut", async () => {
    const { page } = studio;
    const wide = page.viewportSize();
    const status = page.getByRole("region", { name: "Status" });
    const cut = (element: Element) => element.scrollWidth - element.clientWidth;
    for (const width of [1440, 1024, 390]) {
      await page.setViewportSize({ width, height: 900 });
      // charts take the new width a frame later
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
        .toBe(width);
      await expect.poll(() => status.evaluate(cut), `the status strip at ${width} px`).toBe(0);
    }
    const panel = page.getByRole("radiogroup", { name: "Panel" });
    await panel.getByText("Settings").click();
    const lambda = await studio.setting("Alignment weight λ").boundingBox();
    expect(lambda?.width, "λ on a phone").toBeGreaterThan(60);
    await panel.getByText("Samples").click();
    await expect(studio.figure("Samples").first()).toBeVisible();
    await panel.getByText("Charts").click();
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
    const scrubber = page
      .locator(".mantine-Slider-root")
      .filter({ has: page.getByRole("slider", { name: "Training step shown" }) });
    expect((await scrubber.boundingBox())?.width, "the scrubber on a phone").toBeGreaterThan(150);
    if (wide) await page.setViewportSize(wide);
  });

  await test.step("a deleted run can be brought back, and is drawn again", async () => {
    const menu = await menuOf(studio, "the baseline");
    await menu.getByRole("menuitem", { name: "Delete" }).click();
    await expect(linesOf(studio, LOSS)).toHaveCount(1);
    await studio.button("Undo deleting the baseline").click();
    await expect(linesOf(studio, LOSS)).toHaveCount(2);
  });
});

test("seeds fold into mean and range, and a stored run's curves are seen while another trains", async ({
  studio,
}) => {
  for (const seed of [0, 1]) {
    await studio.runLink(tiny({ optimizer: { seed } }));
    await studio.waitForPhase("Finished");
    await studio.waitForStep(40);
  }
  await hideWarmRun(studio);
  await studio.page.getByRole("switch", { name: "Seeds as mean and range" }).click();
  await expect(listOf(studio)).toContainText("2 seeds");
  await expect(listOf(studio)).toContainText(/KID .* s\.d\., n = 2/);
  await expect(linesOf(studio, LOSS)).toHaveCount(1);
  await expect(studio.figure(LOSS).locator("path[fill-opacity='0.14']")).toHaveCount(1);
  await studio.page.getByRole("switch", { name: "Seeds as mean and range" }).click();
  await expect(linesOf(studio, LOSS)).toHaveCount(2);

  await studio.runLink(tiny({ optimizer: { steps: 4000, seed: 9 } }));
  await studio.waitForStep(5);
  await expect(linesOf(studio, LOSS)).toHaveCount(3);
  const stored = rowOf(studio, "seed 1");
  await stored.getByRole("button", { name: /^Draw/ }).click();
  await expect(linesOf(studio, LOSS)).toHaveCount(2);
  // the page follows the run that trains; another one is looked at beside it
  await stored.getByRole("button", { name: /^Open/ }).click();
  const compare = studio.page.getByRole("main", { name: "Compare" });
  await expect(compare).toContainText("Compare 3 runs");
  await expect(compare.getByRole("region", { name: "Samples side by side" })).toContainText(
    "seed 1",
  );
  await studio.page.getByRole("link", { name: "Train" }).click();
  await expect(linesOf(studio, LOSS)).toHaveCount(3);
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
});

test("vanilla and REPA are trained in one press, one after the other, and what they say is said", async ({
  studio,
}) => {
  await studio.open("preset=tiny");
  await studio.button("Train vanilla and REPA").click();
  const queue = studio.page.getByRole("region", { name: "Queue" });
  await expect(queue).toContainText("REPA");
  await studio.waitForStep(1);
  await expect(rowOf(studio, "Vanilla")).toContainText("λ 0.5 → 0");
  await expect(rowOf(studio, "REPA")).toBeVisible({ timeout: START_MS }); // begins by itself
  await expect(queue).toBeHidden();
  await studio.waitForPhase("Finished");
  await expect(rowsOf(studio)).toHaveCount(2);
  await hideWarmRun(studio);
  await expect(linesOf(studio, LOSS)).toHaveCount(2);
  const verdict = studio.page.getByRole("note", { name: "Vanilla against REPA" });
  await expect(verdict).toContainText(/step 40/);
  await expect(verdict).toContainText(/95 %: .* to .*; one pair/);
  await expect(verdict).toContainText("what another seed would give, it cannot say");

  // a third waits while the second seed of the first trains, and is kept over a reload
  await studio.page.keyboard.press("Escape");
  const menu = await menuOf(studio, "λ 0.5 → 0");
  await menu.getByRole("menuitem", { name: "Train with the next seed" }).click();
  await expect(rowOf(studio, "seed 1")).toBeVisible();
  const again = await menuOf(studio, "REPA");
  const next = again.getByRole("menuitem", { name: /next seed/ });
  const queues = (await next.textContent()) === "Queue with the next seed";
  await next.click();
  if (queues) await expect(rowsOf(studio)).toHaveCount(3);
  await expect(rowsOf(studio)).toHaveCount(4, { timeout: START_MS });
  await studio.waitForPhase("Finished");
  await expect(verdict).toContainText("2 pairs of seeds");

  // over seeds, settings are compared and not runs
  await studio.page.getByRole("switch", { name: "Seeds as mean and range" }).click();
  await studio.page.getByRole("link", { name: "Compare" }).click();
  const compare = studio.page.getByRole("main", { name: "Compare" });
  await expect(compare).toContainText("Compare 2 settings");
  await expect(compare.getByRole("row", { name: /^Seeds/ })).toContainText(/0, 1.*0, 1/);
  await expect(compare.getByRole("row", { name: /KID × 1000/ })).toContainText(
    /± .*mean of 2.*mean of 2/,
  );
});

test("a queue waits after a stop and over a reload, and can be emptied", async ({ studio }) => {
  await studio.runLink(tiny({ optimizer: { steps: 4000 } }));
  await studio.waitForStep(2);
  for (const count of [1, 2]) {
    const menu = await menuOf(studio, "of 4000");
    await menu.getByRole("menuitem", { name: "Queue with the next seed" }).click();
    await expect(studio.page.getByRole("region", { name: "Queue" })).toContainText(
      `${count} waiting`,
    );
  }
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  const queue = studio.page.getByRole("region", { name: "Queue" });
  await expect(queue).toContainText("2 waiting");
  await studio.page.goto("/?backend=wasm");
  await expect(queue).toContainText("2 waiting");
  await studio.waitForPhase("Stopped"); // nothing began by itself
  await queue
    .getByRole("button", { name: /out of the queue/ })
    .last()
    .click();
  await expect(queue).toContainText("1 waiting");
  await queue.getByRole("button", { name: "Start the next" }).click();
  await expect(queue).toBeHidden();
  await studio.waitForPhase("Training");

  // a stored run goes on when its turn comes, from where it was
  const menu = await menuOf(studio, "Stopped");
  await menu.getByRole("menuitem", { name: /^Queue from step \d+/ }).click();
  await expect(queue).toContainText(/1 waiting.*from step \d+/);
  const from = Number(/from step (\d+)/.exec((await queue.textContent()) ?? "")?.[1]);
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  await queue.getByRole("button", { name: "Start the next" }).click();
  await studio.waitForPhase("Training");
  await studio.waitForStep(from + 1);
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
});
