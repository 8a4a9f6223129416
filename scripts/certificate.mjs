/** A certificate of this machine's own, so that other machines get the page over https: a secure context. */
import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

const VALID_DAYS = 365;
/** One that ends sooner is made anew. */
const LEAST_DAYS = 7;
const DAY_MS = 86_400_000;

/** Addresses by which other machines reach this one, IPv4. */
export const networkAddresses = () =>
  Object.values(networkInterfaces())
    .flat()
    .filter((one) => one && one.family === "IPv4" && !one.internal)
    .map((one) => one.address);

/** Whether a stored certificate still serves: the browser would ask again for another. */
function isUsable(pem, addresses, nowMs) {
  const certificate = new X509Certificate(pem);
  if (Date.parse(certificate.validTo) < nowMs + LEAST_DAYS * DAY_MS) return false;
  return addresses.every((address) => certificate.checkIP(address) !== undefined);
}

async function make(addresses, nowMs) {
  const { generate } = await import("selfsigned");
  const ips = ["127.0.0.1", ...addresses].map((ip) => ({ type: 7, ip }));
  const names = ["localhost", hostname()].map((value) => ({ type: 2, value }));
  const { private: key, cert } = await generate([{ name: "commonName", value: "REPA Studio" }], {
    keySize: 2048,
    algorithm: "sha256",
    notBeforeDate: new Date(nowMs - DAY_MS), // clocks of other machines may be behind
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [...names, ...ips] },
    ],
  });
  return { key, cert };
}

/**
 * The stored certificate and its key; a new one where there is none, or where it ends soon or lacks an address.
 * @param {{ folder?: string, addresses?: readonly string[], nowMs?: number }} [options]
 * @returns {Promise<{ key: string, cert: string }>} as PEM
 */
export async function ownCertificate({
  folder = join(ROOT, ".cache", "https"),
  addresses = networkAddresses(),
  nowMs = Date.now(),
} = {}) {
  const keyPath = join(folder, "key.pem");
  const certPath = join(folder, "cert.pem");
  if (existsSync(keyPath) && existsSync(certPath)) {
    const cert = readFileSync(certPath, "utf8");
    if (isUsable(cert, addresses, nowMs)) return { key: readFileSync(keyPath, "utf8"), cert };
  }
  const made = await make(addresses, nowMs);
  mkdirSync(folder, { recursive: true });
  writeFileSync(keyPath, made.key, { mode: 0o600 });
  writeFileSync(certPath, made.cert);
  return made;
}
