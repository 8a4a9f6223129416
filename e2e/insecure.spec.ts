import { ownCertificate } from "../scripts/certificate.mjs";
import { serveBuilt } from "../scripts/builtApp.mjs";
import { chromiumLaunch } from "../scripts/chromium.mjs";
import { expect, test } from "./fixtures";

/** An address of documentation (RFC 5737), which this browser takes to this machine: to it, that is another one. */
const ADDRESS = "192.0.2.7";
const { args, ...launch } = chromiumLaunch();
const mapped = [...(args ?? []), `--host-resolver-rules=MAP ${ADDRESS} 127.0.0.1`];
const at = (url: string) => url.replace("localhost", ADDRESS);

// without a secure context the browser ignores the isolation that is served with the page, and says so
const expectedComplaints = [/Cross-Origin-Opener-Policy header has been ignored/];
test.use({
  ...{ backend: "wasm", ignoreHTTPSErrors: true, expectedComplaints },
  launchOptions: { ...launch, args: mapped },
});

test("over plain http from another machine the page says what is missing and how to serve it", async ({
  page,
}) => {
  const server = await serveBuilt({ host: true });
  await page.goto(at(server.url));
  const told = page.getByRole("alert");
  await expect(told).toContainText("REPA Studio cannot run here");
  for (const name of ["crypto.subtle", "crypto.randomUUID", "navigator.locks"]) {
    await expect(told).toContainText(name);
  }
  await expect(told).toContainText("npm start -- --host");
  await server.close();
});

test("over https with a certificate of its own it runs", async ({ page, browserName }, info) => {
  const folder = info.outputPath(browserName);
  const https = await ownCertificate({ folder });
  const server = await serveBuilt({ host: true, https });
  await page.goto(`${at(server.url)}?preset=tiny&backend=wasm`);
  await expect(page.getByRole("button", { name: "Train", exact: true })).toBeEnabled();
  expect(await page.evaluate(() => [isSecureContext, crossOriginIsolated])).toEqual([true, true]);
  await server.close();
});
