import { gzipSync } from "node:zlib";
import { expect, test } from "./fixtures";

/** Everything a visitor's line carries before the first click, as hosts send it: text compressed, the rest as it is. */
const LIMIT_BYTES = 1_500_000;
/** Until the cost estimate is there, which is the last that a page asks for by itself, and no request for so long. */
const QUIET_MS = 3_000;

test("before the first click at most 1.5 MB are fetched, and no picture or weights", async ({
  page,
  baseURL,
}) => {
  const sizes = new Map<string, Promise<{ raw: number; sent: number }>>();
  let newestMs = Date.now();
  page.context().on("response", (response) => {
    newestMs = Date.now();
    const { href } = new URL(response.url());
    const measured = response.body().then((body) => ({
      raw: body.length,
      sent: Math.min(body.length, gzipSync(body).length),
    }));
    sizes.set(href, measured); // a second request for a file comes from the browser's cache
  });
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Train", exact: true })).toBeEnabled();
  const recorded = page.getByRole("region", { name: "Recorded run" });
  await expect(recorded).toContainText(/Recorded on \d{4}-\d\d-\d\d, on \w/);
  await expect(recorded.getByRole("button", { name: "Train your own" })).toBeEnabled();
  const samples = recorded.getByRole("img", { name: /^Samples of REPA at step / });
  const last = await samples.getAttribute("alt");
  await recorded.getByRole("slider", { name: "Step of the recorded run" }).press("Home");
  await expect(samples).not.toHaveAttribute("alt", last ?? "");
  await expect.poll(() => Date.now() - newestMs, { timeout: 60_000 }).toBeGreaterThan(QUIET_MS);

  const names = [...sizes.keys()].map((href) => href.slice((baseURL ?? "").length));
  expect(names.filter((name) => /\.(safetensors|wasm)$|^emoji\/.*png$/.test(name))).toEqual([]);
  const all = await Promise.all(sizes.values());
  const sum = (of: "raw" | "sent") => all.reduce((total, size) => total + size[of], 0);
  console.log(
    `before the first click: ${sum("sent")} bytes sent, ${sum("raw")} unpacked, ${all.length} files`,
  );
  expect(all.length).toBeGreaterThan(10);
  expect(sum("sent")).toBeLessThan(LIMIT_BYTES);
});
