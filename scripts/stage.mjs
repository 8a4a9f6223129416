/** One stage of `npm test`: a child process with a clock on it. */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { clearTimeout } from "node:timers";
import { performance } from "node:perf_hooks";

/** Between asking a hung stage to end and ending it. */
const GRACE_MS = 5_000;

/** Signals the whole process group, so that browsers and workers of a hung stage go too. */
function signalGroup(pid, signal) {
  try {
    if (process.platform === "win32") process.kill(pid, signal);
    else process.kill(-pid, signal);
  } catch {
    // it ended meanwhile
  }
}

/**
 * Runs a command to its end or to its time limit; a hang fails instead of blocking.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined>, timeoutMs: number, stdio?: "inherit" | "ignore" | "pipe" }} options
 *   "pipe" gathers what it prints, for stages that run side by side
 * @returns {Promise<{ ok: boolean, seconds: number, output: string, problem?: string }>} never rejects
 */
export function runStage(command, args, { cwd, env, timeoutMs, stdio = "inherit" }) {
  const startedMs = performance.now();
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", stdio, stdio],
      detached: process.platform !== "win32", // its own group
      shell: command.endsWith(".cmd"),
    });
    const printed = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (part) => printed.push(part));
    let timedOut = false;
    let killer;
    const timer = setTimeout(() => {
      timedOut = true;
      signalGroup(child.pid, "SIGTERM");
      killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MS);
    }, timeoutMs);
    // Ctrl+C reaches only our own group: pass it on, and leave once the stage has gone
    const onInterrupt = () => {
      signalGroup(child.pid, "SIGTERM");
      setTimeout(() => process.exit(130), GRACE_MS).unref();
    };
    process.on("SIGINT", onInterrupt);
    process.on("SIGTERM", onInterrupt);
    const finish = (ok, problem) => {
      clearTimeout(timer);
      clearTimeout(killer);
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onInterrupt);
      if (timedOut) signalGroup(child.pid, "SIGKILL"); // whoever ignored the polite signal
      const seconds = (performance.now() - startedMs) / 1000;
      done({ ok, seconds, output: Buffer.concat(printed).toString(), ...(problem && { problem }) });
    };
    child.on("error", (error) => finish(false, error.message));
    child.on(stdio === "pipe" ? "close" : "exit", (code, signal) => {
      if (timedOut) finish(false, `no end within ${timeoutMs / 1000} s`);
      else if (code === 0) finish(true);
      else finish(false, signal ? `ended by ${signal}` : `exit code ${code}`);
    });
  });
}
