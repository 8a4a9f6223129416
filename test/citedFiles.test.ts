import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import { expect, test } from "vitest";
import { anchorsOf, missingCitations, type Repository } from "./citedFiles";

/** What is installed or built. */
const NOT_OURS = /^(node_modules|dist|\.git|\.cache|test-results|playwright-report)$/;
/** Stored numbers, and this file's own examples. */
const PASSED_OVER =
  /^(test\/golden|bench\/results|public)\/|^package-lock\.json$|^test\/citedFiles\.test\.ts$/;
const TEXT = /\.(md|[cm]?[jt]sx?|css|html|ya?ml|json|py)$/;

function readRepository(): Repository {
  const list = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) return [path];
      return NOT_OURS.test(path) ? [] : list(path);
    });
  const files = new Set(list("."));
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) folders.add(folder);
  }
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  return {
    files,
    folders,
    scripts: new Set(Object.keys(scripts)),
    anchors: (path) => anchorsOf(readFileSync(path, "utf8")),
  };
}

test("every path, script, decision and link that the repository's texts name is there", () => {
  const repository = readRepository();
  const missing = [...repository.files]
    .filter((path) => TEXT.test(path) && !PASSED_OVER.test(path))
    .flatMap((path) =>
      missingCitations(repository, path, readFileSync(path, "utf8")).map(
        (cited) => `${path}: ${cited}`,
      ),
    );
  expect(missing).toEqual([]);
});

const SMALL: Repository = {
  files: new Set([
    "README.md",
    "docs/guide.md",
    "docs/decisions/0006-fused.md",
    "src/engine/kernels/linear.ts",
    "src/sessions/run/stepReader.ts",
    "test/golden/metrics/kid_cmmd.json",
  ]),
  folders: new Set([
    "docs",
    "docs/decisions",
    "src",
    "src/engine",
    "src/engine/kernels",
    "src/engine/metrics",
    "src/sessions",
    "src/sessions/run",
    "test",
    "test/golden",
    "test/golden/metrics",
  ]),
  scripts: new Set(["bench"]),
  anchors: () => anchorsOf("# A guide\n\n## What it does, and `how`\n"),
};

test.each([
  ["a.ts", 'const x = "src/engine/kernels/gone.ts";', "src/engine/kernels/gone.ts"],
  ["a.ts", "// the tile of kernels/gone", "kernels/gone"],
  ["a.ts", "/** See sessions/run/gone.read. */", "sessions/run/gone.read"],
  ["a.ts", "let x = 1; // as in gone.ts", "gone.ts"],
  ["a.yml", "run: npm run gone", "npm run gone"],
  ["docs/a.md", "`run/gone` reads them", "run/gone"],
  ["docs/a.md", "see docs/decisions/0007", "docs/decisions/0007"],
  ["docs/a.md", "(decision 0007)", "decision 0007"],
  ["docs/a.md", "[it](gone.md)", "gone.md"],
  ["docs/a.md", "[it](guide.md#what-it-was)", "guide.md#what-it-was"],
  ["docs/decisions/a.md", "[it](../gone.md)", "../gone.md"],
  ["a.test.ts", "// as docs/gone.md says", "docs/gone.md"],
])("%s: %j names %s, which is not there", (path, text, missing) => {
  expect(missingCitations(SMALL, path, text)).toEqual([missing]);
});

test.each([
  ["a.ts", 'import { x } from "../engine/kernels/gone";'],
  ["a.ts", 'const stream = "test/images"; const other = `test/t/${step}`;'],
  [
    "a.ts",
    "// kernels/linear.ts, run/stepReader and kernels/linear.gradientScale, src/engine/kernels/*.gpu.test.ts",
  ],
  ["a.ts", "/** REPA models/sit.py; 10 images/s; src/engine. */"],
  ["a.ts", 'const url = "https://kernels/gone"; // twice a run, metrics/kid_cmmd'],
  ["a.ts", "/** `docs/<name>.md`, test/golden/FAMILY, metrics/owner/name@main */"],
  ["a.test.ts", 'const made = "src/page/made.ts";'],
  [
    "docs/a.md",
    "losses and/or run/step, [guide](guide.md#what-it-does-and-how), [up](../README.md)",
  ],
  [
    "docs/a.md",
    "docs/decisions/0006 (decision 0006), `npm run bench`, [out](https://example.org/x#y)",
  ],
  ["docs/decisions/a.md", "`src/kernels/gone.ts` and npm run gone"],
])("%s: %j names nothing that is not there", (path, text) => {
  expect(missingCitations(SMALL, path, text)).toEqual([]);
});
