import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { openTorch } from "./client";
import { startPython } from "./process";
import { parseAnswer, splitLines } from "./protocol";

const folder = mkdtempSync(join(tmpdir(), "torch-process-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The protocol does not ask which language answers: a program of Node's, as the child of a real process. */
function program(name: string, onLine: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `import { createInterface } from "node:readline";
const answer = (fields) => console.log(JSON.stringify(fields));
createInterface({ input: process.stdin }).on("line", (line) => { const ask = JSON.parse(line); ${onLine} });`,
  );
  return path;
}

const start = (path: string) => startPython(process.execPath, path, "cpu");
const Value = z.object({ value: z.number() });

test("questions are answered by their number, whatever the order", async () => {
  const path = program(
    "echo",
    "setTimeout(() => answer({ id: ask.id, ok: true, value: ask.value }), ask.value);",
  );
  const python = start(path);
  const asked = [60, 0].map((value) => python.ask("echo", { value }, Value, 20_000));
  expect(await Promise.all(asked)).toEqual([{ value: 60 }, { value: 0 }]);
  python.end();
});

test("what it cannot do is thrown in its words, and it goes on", async () => {
  const path = program(
    "sometimes",
    `answer(ask.fails ? { id: ask.id, ok: false, problem: "out of memory" } : { id: ask.id, ok: true, value: 1 });`,
  );
  const python = start(path);
  await expect(python.ask("open", { fails: true }, Value, 20_000)).rejects.toThrow("out of memory");
  expect(await python.ask("open", {}, Value, 20_000)).toEqual({ value: 1 });
  python.end();
});

test("a question past its time ends the process, and the next one says so at once", async () => {
  const python = start(program("silent", ""));
  await expect(python.ask("open", {}, Value, 300)).rejects.toThrow("open did not end within 0.3 s");
  await expect(python.ask("burst", {}, Value, 20_000)).rejects.toThrow("open did not end");
});

test("a process that ends tells its last words, one that prints something else is ended", async () => {
  const dying = start(program("dying", `console.error("CUDA error: bad"); process.exit(3);`));
  await expect(dying.ask("open", {}, Value, 20_000)).rejects.toThrow(
    /exit code 3\): CUDA error: bad/,
  );
  const talking = start(program("talking", `console.log("hello");`));
  await expect(talking.ask("open", {}, Value, 20_000)).rejects.toThrow(/"hello", which is no/);
});

test("no such program: that is the problem, and nothing is thrown", async () => {
  const opened = await openTorch("torchStep.py", { python: join(folder, "no-python") });
  expect(opened).toMatchObject({ problem: expect.stringContaining("did not start") as string });
});

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.runIf(hasPython)("torchStep.py without torch says so", async () => {
  const script = join(folder, "torchStep.py");
  copyFileSync(resolve("bench/gpuCheck/torchStep.py"), script);
  // beside the program, so that an installed torch is not found
  writeFileSync(join(folder, "torch.py"), `raise ImportError("none here")`);
  expect(await openTorch(script, { python: "python3" })).toEqual({
    problem: "no torch: none here",
  });
});

test.runIf(hasPython)(
  "a folder named torch beside the program is not taken for torch",
  async () => {
    const place = mkdtempSync(join(folder, "shadow-"));
    mkdirSync(join(place, "torch"));
    const script = join(place, "torchStep.py");
    copyFileSync(resolve("bench/gpuCheck/torchStep.py"), script);
    const opened = await openTorch(script, { python: "python3", device: "cuda" });
    // an installed torch is found past the folder
    if ("torch" in opened) opened.torch.end();
    else expect(opened.problem).toMatch(/^no torch: |^torch \S+ without CUDA$/);
  },
);

test("lines are whole ones; NaN is a number that is none", () => {
  expect(splitLines('{"a":1}\n\n{"b"')).toEqual({ lines: ['{"a":1}'], rest: '{"b"' });
  expect(parseAnswer('{"id": 1, "ok": true, "losses": [NaN, -Infinity]}')).toMatchObject({
    losses: [null, null],
  });
  expect(() => parseAnswer('{"ok": true}')).toThrow("no answer");
});
