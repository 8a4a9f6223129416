import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ownCertificate } from "./certificate.mjs";

const folder = mkdtempSync(join(tmpdir(), "certificate-"));
afterAll(() => rmSync(folder, { recursive: true }));
const NOW_MS = Date.now();
const DAY_MS = 86_400_000;

test("the certificate names the machine's addresses and is kept, so that the browser asks once", async () => {
  const addresses = ["192.0.2.7"];
  const first = await ownCertificate({ folder, addresses, nowMs: NOW_MS });
  const certificate = new X509Certificate(first.cert);
  expect(certificate.checkIP("192.0.2.7")).toBe("192.0.2.7");
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(first.key).toContain("PRIVATE KEY");
  expect(statSync(join(folder, "key.pem")).mode & 0o077).toBe(0);
  expect(await ownCertificate({ folder, addresses, nowMs: NOW_MS })).toEqual(first);

  const moved = await ownCertificate({ folder, addresses: ["192.0.2.8"], nowMs: NOW_MS });
  expect(moved.cert).not.toBe(first.cert);
  const later = { folder, addresses: ["192.0.2.8"], nowMs: NOW_MS + 360 * DAY_MS };
  expect((await ownCertificate(later)).cert).not.toBe(moved.cert);
});
