import type { BrowserContext } from "@playwright/test";
import { expect, test } from "./fixtures";

// no part of these trains
test.use({ backend: "wasm", expectedComplaints: [/./] });

/** Whatever watches its size throws while `broken` matches an element around it. */
const throwWhereObserved = (context: BrowserContext, selector: string) =>
  context.addInitScript((broken) => {
    const Native = ResizeObserver;
    window.ResizeObserver = class extends Native {
      override observe(target: Element, options?: ResizeObserverOptions) {
        const page = window as { mended?: boolean };
        if (!page.mended && target.closest(broken)) throw new TypeError("broken on purpose");
        super.observe(target, options);
      }
    };
  }, selector);

test("a view whose script does not load says so, the rest is alive, and another try shows it", async ({
  studio,
}) => {
  const { page } = studio;
  let reachable = false;
  await page
    .context()
    .route("**/DataView-*.js", (route) => (reachable ? route.continue() : route.abort()));
  await studio.open();
  await page.getByRole("link", { name: "Data" }).click();
  const notice = studio.alert("“Data” cannot be shown");
  await expect(notice).toContainText("TypeError");
  await notice.getByRole("button", { name: "Copy details" }).click();

  await page.getByRole("link", { name: "Train" }).click();
  await expect(studio.button("Train")).toBeEnabled();
  await page.getByRole("link", { name: "Data" }).click();
  await expect(notice, "the view was asked for again, and refused").toBeVisible();
  reachable = true;
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("complementary", { name: "Data sets" })).toBeVisible();
});

test("a dialog whose script does not load can be closed", async ({ studio }) => {
  await studio.page.context().route("**/StorageDrawer-*.js", (route) => route.abort());
  await studio.open();
  await studio.button("Runs and storage").click();
  const notice = studio.alert("“Runs and storage” cannot be shown");
  await notice.getByRole("button", { name: "Close" }).click();
  await expect(notice).toBeHidden();
  await expect(studio.button("Train")).toBeEnabled();
});

test("a panel that throws leaves the others alone", async ({ studio }) => {
  await throwWhereObserved(studio.page.context(), "[aria-label='Experiment']");
  await studio.open();
  const notice = studio.alert("“Experiment” cannot be shown");
  await expect(notice).toContainText("TypeError: broken on purpose");
  await expect(studio.figure("Denoising loss by training step")).toBeVisible();
  await expect(studio.button("Train")).toBeEnabled();
  await studio.page.evaluate(() => Object.assign(window, { mended: true }));
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(studio.setting("Seed")).toBeVisible();
});
