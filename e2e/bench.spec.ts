import { expect, test } from "./fixtures";
import { START_MS } from "./studio";

/** What "Copy result" puts on the clipboard, as far as it is looked at here. */
interface Copied {
  readonly adapter: { readonly name: string };
  readonly steps: number;
  readonly workload: { readonly id: string };
  readonly variants: readonly {
    readonly id: string;
    readonly stepMs: { readonly median: number };
    readonly gpu: { readonly dispatches: number };
    readonly difference: number;
  }[];
  readonly gpuErrors: readonly string[];
}

test("?bench measures three variants on this GPU, after a cancel too, shows a table and copies it as JSON", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/?bench&workload=tiny&steps=2");
  await expect(
    page.getByRole("heading", { name: "How fast is a training step here?" }),
  ).toBeVisible();
  const measure = page.getByRole("button", { name: "Measure", exact: true });
  const status = page.getByRole("status", { name: "Measurement" });
  await measure.click();
  // a cancel ends the worker, at whatever it is: here before three variants are compiled a first time
  await expect(status).toContainText("product of side", { timeout: START_MS });
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(status).toHaveText("Cancelled.");
  await measure.click();
  await expect(status).toHaveText("Measured.", { timeout: START_MS });

  const table = page.getByRole("table", { name: "Training steps" });
  for (const name of ["tfjs as it comes", "fused kernels", "fused and replayed"]) {
    await expect(table.getByRole("row", { name })).toContainText("×");
  }
  await page.getByRole("button", { name: "Copy result" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const copied = JSON.parse(text) as Copied;
  expect(copied).toMatchObject({ steps: 2, workload: { id: "tiny" }, gpuErrors: [] });
  expect(copied.adapter.name).not.toBe("");
  const [plain, fused, replayed] = copied.variants;
  expect(copied.variants.map(({ id }) => id)).toEqual([
    "webgpu-plain",
    "webgpu-fused",
    "webgpu-replayed",
  ]);
  for (const { stepMs, difference } of copied.variants) {
    expect(stepMs.median).toBeGreaterThan(0);
    expect(difference).toBeLessThan(1e-4);
  }
  // what is shown was really counted: fused steps ask for far fewer computations
  const dispatches = [plain, fused, replayed].map((variant) => variant?.gpu.dispatches ?? NaN);
  expect(dispatches[1]).toBeLessThan((dispatches[0] ?? NaN) / 4);
  expect(dispatches[2]).toBeLessThanOrEqual(dispatches[1] ?? NaN);
});

test("an unknown workload is named with those there are", async ({ page }) => {
  await page.goto("/?bench&workload=huge");
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  const alert = page.getByRole("alert", { name: /BAD_CONFIG/ });
  await expect(alert).toContainText('no workload "huge"', { timeout: START_MS });
  await expect(alert).toContainText("nano");
});
