import { mkdtempSync, readFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runStage } from "./stage.mjs";
import { countLine, playwrightCounts, stageCounts, vitestCounts } from "./testCounts.mjs";

const options = { cwd: ".", env: process.env, timeoutMs: 20_000, stdio: "ignore" } as const;
const node = (code: string, more = {}) =>
  runStage(process.execPath, ["-e", code], { ...options, ...more });

test("a stage's exit code decides", async () => {
  expect(await node("")).toMatchObject({ ok: true });
  expect(await node("process.exit(3)")).toMatchObject({ ok: false, problem: "exit code 3" });
  const missing = await runStage("no-such-command-here", [], options);
  expect(missing).toMatchObject({
    ok: false,
    problem: expect.stringContaining("ENOENT") as string,
  });
});

test("what a stage prints is gathered where it is asked for", async () => {
  const result = await node("console.log('out'); console.error('err')", { stdio: "pipe" });
  expect(result.output.split("\n").sort()).toEqual(["", "err", "out"]);
  expect((await node("console.log('out')")).output).toBe("");
});

test("a hung stage fails in time and ends its child processes, those that ignore SIGTERM too", async () => {
  const pidFile = join(mkdtempSync(join(tmpdir(), "stage-")), "pid");
  const grandchild = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const code = `
    const child = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}]);
    require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
    setInterval(() => {}, 1000);`;
  const result = await node(code, { timeoutMs: 1_500 });
  expect(result).toMatchObject({ ok: false, problem: "no end within 1.5 s" });
  expect(existsSync(pidFile)).toBe(true);
  const pid = Number(readFileSync(pidFile, "utf8"));
  await sleep(200);
  expect(isRunning(pid)).toBe(false);
});

/** A killed process nobody has waited for is a zombie: gone, though its number still answers. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const status = `/proc/${String(pid)}/stat`;
    return !existsSync(status) || !readFileSync(status, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

test("a test file that does not load counts as a failure", () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    testResults: [
      { status: "passed", assertionResults: [{}] },
      { status: "failed", assertionResults: [{}] },
      { status: "failed", assertionResults: [] },
    ],
  };
  expect(vitestCounts(report)).toEqual({ passed: 5, failed: 2, skipped: 2 });
});

test("a stage without report counts one; a failed stage never counts none", () => {
  expect(stageCounts(true)).toEqual({ passed: 1, failed: 0, skipped: 0 });
  expect(stageCounts(false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(stageCounts(false, { passed: 9, failed: 0, skipped: 0 }).failed).toBe(1);
  expect(stageCounts(false, { passed: 9, failed: 4, skipped: 0 }).failed).toBe(4);
  const stats = { expected: 7, unexpected: 1, flaky: 1, skipped: 3 };
  expect(playwrightCounts({ stats })).toEqual({ passed: 8, failed: 1, skipped: 3 });
  expect(countLine(12, 0)).toBe("12 passed, 0 failed");
});
