/**
 * `npm run gpu:pack`: one folder, and a .tar.xz of it, that checks and measures the studio on any x86-64 Linux machine
 * with a GPU: no network, nothing to install but a Vulkan loader and driver.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { StudioError } from "../src/common/errors/studioError";
import { ensureBuilt } from "./builtApp.mjs";
import { folderBytes, packFolder } from "./gpuPack/packFolder";
import { ROOT } from "./setup.mjs";

const USAGE = `npm run gpu:pack -- [options]
  --lean          leave out what a checkout holds (data, weights, reference numbers): ./gpu-check --checkout DIR
  --out DIR       where the folder and the archive go (default .cache/gpu-pack)
  --no-archive    the folder alone
  --help          this text`;

/** An archive above this is refused: it has to fit in a bag. */
const LIMIT_BYTES = { full: 52e6, lean: 36e6 };

/** The folder as .tar.xz; entries in the order of their names, without this machine's owner and times. */
function archive(folder: string, path: string): void {
  const name = folder.slice(dirname(folder).length + 1);
  const tar = [
    ...["tar", "-C", dirname(folder), "--sort=name", "--owner=0", "--group=0", "--numeric-owner"],
    ...["--mtime=2026-01-01", "-cf", "-", name],
  ].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const command = `set -o pipefail; ${tar.join(" ")} | xz -9e -T1 > '${path.replaceAll("'", `'\\''`)}'`;
  const { status } = spawnSync("bash", ["-c", command], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status === 0) return;
  rmSync(path, { force: true });
  throw new StudioError(
    "INTERNAL",
    `The archive ${path} could not be written (exit code ${status}).`,
    "Install tar and xz (package xz-utils), or use --no-archive.",
  );
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      lean: { type: "boolean", default: false },
      out: { type: "string", default: ".cache/gpu-pack" },
      "no-archive": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const out = resolve(values.out);
  const name = values.lean ? "repa-gpu-check-lean" : "repa-gpu-check";
  const folder = join(out, name);
  mkdirSync(out, { recursive: true });
  await ensureBuilt();
  await packFolder({ root: ROOT, folder, lean: values.lean, site: join(ROOT, "dist") });
  console.log(`${folder}: ${megabytes(folderBytes(folder))}`);
  if (values["no-archive"]) return 0;
  const path = `${folder}.tar.xz`;
  archive(folder, path);
  const { size } = statSync(path);
  const limit = LIMIT_BYTES[values.lean ? "lean" : "full"];
  console.log(`${path}: ${megabytes(size)} (at most ${megabytes(limit)})`);
  return size <= limit ? 0 : 1;
}

process.exitCode = await main();
