import { ownCertificate, networkAddresses } from "../scripts/certificate.mjs";
import { serveBuilt } from "../scripts/builtApp.mjs";
import { expect, test } from "./fixtures";

const [address] = networkAddresses();
const at = (urls: readonly string[]) => urls.find((url) => url.includes(address ?? "none")) ?? "";

test.skip(address === undefined, "this machine has no address that others reach");
// without a secure context the browser ignores the isolation that is served with the page, and says so
const expectedComplaints = [/Cross-Origin-Opener-Policy header has been ignored/];
test.use({ backend: "wasm", ignoreHTTPSErrors: true, expectedComplaints });

test("over plain http from another machine the page says what is missing and how to serve it", async ({
  page,
}) => {
  const server = await serveBuilt({ host: true });
  await page.goto(at(server.networkUrls));
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
  await page.goto(`${at(server.networkUrls)}?preset=tiny&backend=wasm`);
  await expect(page.getByRole("button", { name: "Train", exact: true })).toBeEnabled();
  expect(await page.evaluate(() => [isSecureContext, crossOriginIsolated])).toEqual([true, true]);
  await server.close();
});
