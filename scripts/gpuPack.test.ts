import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packFolder } from "./gpuPack/packFolder";
import { ROOT } from "./setup.mjs";

const home = mkdtempSync(join(tmpdir(), "gpu-pack-"));
const folder = join(home, "pack");
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The launcher as on a bare machine: nothing of this process' environment, no program on PATH. */
function gpuCheck(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(join(folder, "gpu-check"), [...args], {
    cwd: home,
    encoding: "utf8",
    env: { PATH: join(home, "nothing-here"), ...env },
  });
  return { status, stdout, stderr };
}

// the pack's node is this one: on other systems the pack cannot be made at all
const here = process.platform === "linux" && process.arch === "x64";

beforeAll(async () => {
  if (here) await packFolder({ root: ROOT, folder, lean: true });
});

test.runIf(here)("the pack runs where PATH holds nothing, and says what it takes", () => {
  const help = gpuCheck(["--help"]);
  expect(help.stderr).toBe("");
  expect(help).toMatchObject({ status: 0 });
  expect(help.stdout).toContain("--budget SECONDS");
});

test.runIf(here)("a lean pack asks for a checkout", () => {
  const { status, stderr } = gpuCheck(["--out", "results"]);
  expect(status).toBe(2);
  expect(stderr).toContain("--checkout DIR");
});

test.runIf(here)(
  "without a driver the stage says what to install, and nothing is called right",
  () => {
    const out = join(home, "results");
    const { status, stdout } = gpuCheck(
      ["--out", out, "--checkout", ROOT, "--only", "adapter,right", "--budget", "60"],
      { VK_DRIVER_FILES: join(home, "no-such-driver.json") },
    );
    expect(status).toBe(1);
    const report = JSON.parse(readFileSync(join(out, "a-adapter.json"), "utf8")) as object;
    expect(report).toMatchObject({ stage: "adapter", status: "failed" });
    expect(stdout).toMatch(/NO_WEBGPU: Dawn finds no Vulkan adapter.*Install the/s);
    expect(stdout).toContain("NOT right");
    expect(existsSync(join(out, "summary.txt"))).toBe(true);
  },
);
