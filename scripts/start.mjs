/**
 * `npm start`: installs what is missing, builds, serves, and opens the page when there is a display.
 * `npm start -- --port 4000 --no-open`; `npm start -- --host` serves other machines too, over https: elsewhere than on
 * localhost, browsers give a page its storage, locks and GPU over https alone.
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { requireNode } from "./nodeVersion.mjs";

const DEFAULT_PORT = 4173;

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      host: { type: "boolean", default: false },
      "no-open": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const port = values.port === undefined ? DEFAULT_PORT : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`--port must be a number from 0 to 65535, got "${values.port}".`);
  }
  // a port that was asked for is the one wanted; the default may move to the next free one
  return { ...values, port, strictPort: values.port !== undefined };
}

/** Shows the page in the default browser; silent where there is none. */
function openBrowser(url) {
  const hasDisplay = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const openers = {
    darwin: ["open", [url]],
    win32: ["cmd", ["/c", "start", "", url]],
    linux: hasDisplay ? ["xdg-open", [url]] : undefined,
  };
  const opener = openers[process.platform];
  if (!opener) return;
  const child = spawn(opener[0], opener[1], { stdio: "ignore", detached: true });
  child.on("error", () => undefined); // no opener installed: the address is printed anyway
  child.unref();
}

async function main() {
  requireNode();
  const options = readOptions();
  if (options.help) {
    console.log("npm start -- [--port N] [--host] [--no-open]");
    console.log("  --host  serves other machines too, over https with a certificate of its own");
    return;
  }
  // imported late: an old Node gets the message above, not a syntax error from below
  const { ensureDependencies } = await import("./setup.mjs");
  const { buildIsCurrent, ensureBuilt, serveBuilt } = await import("./builtApp.mjs");
  if (!ensureDependencies()) {
    process.exitCode = 1;
    return;
  }
  if (!buildIsCurrent()) console.log("Building ...");
  await ensureBuilt();
  const { ownCertificate } = await import("./certificate.mjs");
  const secured = options.host ? { https: await ownCertificate() } : {};
  const { url, networkUrls } = await serveBuilt({ ...options, ...secured });
  console.log(`REPA Studio is at ${url} (Chrome or Edge with WebGPU; Ctrl+C ends it)`);
  if (options.host) {
    for (const address of networkUrls) console.log(`From other machines: ${address}`);
    console.log(
      "The certificate is this machine's own, so the browser asks once: choose Advanced, then Proceed.",
    );
  }
  if (!options["no-open"]) openBrowser(url);
}

main().catch((error) => {
  console.error(error.message ?? error);
  process.exitCode = 1;
});
