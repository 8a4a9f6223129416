/** What a fresh clone lacks: packages and a browser. Plain Node, nothing imported from node_modules. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { besideOtherApt, WAIT_FOR_LOCK } from "./apt.mjs";

/** The project's folder: the nearest above that has a package.json, also for a bundled script in .cache/. */
export const ROOT = projectRoot(dirname(fileURLToPath(import.meta.url)));

function projectRoot(folder) {
  return existsSync(join(folder, "package.json")) ? folder : projectRoot(resolve(folder, ".."));
}

/** The environment children get: a home they can write to, whatever ours is, and a quiet npm. */
export function childEnv() {
  const env = { ...process.env, npm_config_update_notifier: "false", npm_config_fund: "false" };
  if (!writable(env.HOME) && process.platform !== "win32") {
    // Chromium's crash handler and npm's cache refuse to start without a home directory
    env.HOME = join(ROOT, ".cache", "home");
    mkdirSync(env.HOME, { recursive: true });
  }
  return env;
}

function writable(path) {
  if (!path) return false;
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The command line that runs npm with `args`, on every system. */
export function npmCommand(args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith("npm-cli.js")) return [process.execPath, [cli, ...args]];
  return [process.platform === "win32" ? "npm.cmd" : "npm", args];
}

/** Runs a command in the project folder with its output shown; true when it succeeded. */
export function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    env: childEnv(),
    stdio: ["ignore", "inherit", "inherit"],
    shell: command.endsWith(".cmd"),
    ...options,
  });
  return status === 0;
}

/**
 * Compares what is installed with the lock file package by package: dates lie after a checkout.
 * @param {{ packages: Record<string, { version?: string, optional?: boolean }> }} lock package-lock.json
 * @param {{ packages: Record<string, { version?: string }> }} installed node_modules/.package-lock.json
 */
export function lockSatisfied(lock, installed) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === "" || wanted.link) return true;
    const found = installed.packages[path];
    return found ? found.version === wanted.version : wanted.optional === true;
  });
}

function dependenciesCurrent() {
  // npm writes the hidden lock file last, so an interrupted install has none
  const hidden = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const read = (path) => JSON.parse(readFileSync(path, "utf8"));
  return lockSatisfied(read(join(ROOT, "package-lock.json")), read(hidden));
}

/** Runs `npm ci` when node_modules is missing or differs from the lock file; true when all is there. */
export function ensureDependencies() {
  if (dependenciesCurrent()) return true;
  console.log("Installing packages (npm ci) ...");
  // NODE_ENV=production would leave out Vite
  const [command, args] = npmCommand(["ci", "--include=dev", "--no-audit", "--no-fund"]);
  if (run(command, args)) return true;
  console.error(
    "npm ci failed (see above). Check the network and the registry setting (npm config get registry), then run the command again.",
  );
  return false;
}

/** True when the browser that chromium.mjs names starts and answers. */
const browserStarts = () =>
  run(process.execPath, ["scripts/browserProbe.mjs"], { timeout: 120_000 });

/**
 * Makes sure of a Chromium for the tests: the system's, else Playwright's download, else apt's.
 * @returns {boolean} false, after a message, when none could be had
 */
export function ensureChromium() {
  if (browserStarts()) return true;
  console.log("No working Chromium; downloading Playwright's ...");
  const [command, args] = npmCommand(["exec", "--", "playwright", "install", "chromium"]);
  if (run(command, args, { timeout: 600_000 }) && browserStarts()) return true;
  if (aptInstall("chromium") && browserStarts()) return true;
  console.error(
    "No Chromium could be started. Install Chromium or Chrome (or set CHROMIUM_PATH to one) and run the command again.",
  );
  return false;
}

function aptInstall(name) {
  const apt = onPath("apt-get");
  if (!apt) return false;
  const root = process.getuid?.() === 0;
  if (!root && !onPath("sudo")) return false;
  const prefix = root ? [] : ["sudo", "-n"];
  const env = { ...childEnv(), DEBIAN_FRONTEND: "noninteractive" };
  const aptGet = (...args) => {
    const [command, ...rest] = [...prefix, apt, ...args];
    return run(command, rest, { env, timeout: 600_000 });
  };
  console.log(`Installing ${name} (apt-get) ...`);
  return (
    besideOtherApt(() => aptGet("update")) &&
    besideOtherApt(() => aptGet(...WAIT_FOR_LOCK, "install", "-y", "--no-install-recommends", name))
  );
}

function onPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
