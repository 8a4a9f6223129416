import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeRunFile } from "../../src/common/config/runFile";
import { encodeLink } from "../../src/common/config/urlCodec";
import { Experiment } from "../../src/common/config/experiment";
import { encodeSafetensors } from "../../src/common/formats/safetensors";
import { StudioError } from "../../src/common/errors/studioError";
import { resultsBytes, withManifest } from "../../test/exampleResults";
import { inputKind } from "./inputKind";
import { readInspectOptions } from "./options";
import { inspectCommand, inspectLink, inspectRunFile, inspectTensors } from "./plainInputs";
import { failure } from "./report";
import { inspectResults } from "./resultsInput";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "inspect-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const written = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const experiment = Experiment.parse({ model: { size: "L" }, optimizer: { steps: 7 } });
const shared = {
  experiment,
  timeline: [{ step: 3, change: { projCoeff: 0.25 } }],
  card: {},
} as Parameters<typeof encodeLink>[0];
const tensors = new Uint8Array(
  encodeSafetensors({ a: { dtype: "F32", shape: [1], data: new Float32Array(1) } }),
);

test("what an input is, by its bytes where there are any", async () => {
  const kinds: readonly (readonly [string, string])[] = [
    [folder, "folder"],
    [written("a.bin", "PK\x03\x04"), "zip"],
    [written("a.png", await resultsBytes()), "results"],
    [written("b.png", "PAR1"), "parquet"],
    [written("c.safetensors", tensors), "safetensors"],
    [written("d", tensors), "safetensors"],
    [written("e.json", encodeRunFile(shared)), "run-file"],
    [written("f.sh", "accelerate launch train.py --seed=1"), "command"],
    [written("g.txt", `https://x.example/${encodeLink(shared)}`), "link"],
    [written("h.gif", "GIF89a"), "image"],
    [written("i.md", "text --with dashes"), "unknown"],
    [written("j", ""), "unknown"],
    [encodeLink(shared), "link"],
    ["https://x.example/", "link"],
    ["python train.py \u2014seed 1", "command"],
    ["nothing", "unknown"],
  ];
  for (const [input, kind] of kinds) {
    expect([input, (await inputKind(input)).kind]).toEqual([input, kind]);
  }
});

test("links, saved experiments and commands say what differs from the defaults, by group", () => {
  const expected = {
    ok: true,
    experiment: { model: { size: "L" }, optimizer: { steps: 7 } },
    timeline: 1,
  };
  expect(inspectLink(`https://x.example/studio/${encodeLink(shared)}`)).toMatchObject(expected);
  expect(inspectRunFile(encodeRunFile(shared))).toMatchObject(expected);
  const command = inspectCommand("train.py --model=SiT-L/2 --max-train-steps=7 --nonsense=1");
  expect(command).toMatchObject({
    ok: true,
    experiment: expected.experiment,
    issues: [{ path: "--nonsense", message: "The studio has no such setting." }],
  });
});

test("a file of results says its runs, and what refuses it", async () => {
  const sound = written("results.zip", await resultsBytes());
  expect(await inspectResults(sound)).toEqual({
    ...{ ok: true, madeBy: "a test", notes: [] },
    runs: [
      {
        ...{ id: "run-1", name: "A run", phase: "stopped", step: 3, points: 3, measurements: 3 },
        ...{ grids: 2, checkpoints: [3], issues: [] },
      },
    ],
  });
  const newer = written("newer.zip", await withManifest((all) => ({ ...all, version: 7 })));
  expect(await inspectResults(newer).catch(failure)).toMatchObject({
    ...{ ok: false, code: "BAD_RESULTS" },
    message: expect.stringContaining("format 7") as string,
  });
});

test("a file of tensors says their number and types; a damaged one its problem", async () => {
  const path = written("m.safetensors", tensors);
  expect(await inspectTensors(path, tensors.length)).toEqual({
    ...{ ok: true, tensors: 1, dtypes: ["F32"], problems: [] },
  });
  const cut = written("n.safetensors", tensors.slice(0, -2));
  const thrown = await inspectTensors(cut, tensors.length - 2).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(StudioError);
  expect(failure(thrown)).toMatchObject({
    ok: false,
    code: "BAD_SAFETENSORS",
    message: expect.stringContaining("2 bytes are missing") as string,
  });
});

test("options come before the inputs, which may begin with dashes themselves", () => {
  expect(readInspectOptions([])).toBeNull();
  expect(readInspectOptions(["--help"])).toBeNull();
  expect(readInspectOptions(["--split", "val", "a.zip", "--seed=1"])).toEqual({
    inputs: ["a.zip", "--seed=1"],
    split: "val",
    orientation: "stored",
  });
  expect(readInspectOptions(["--orientation=exif", "--seed=1"])).toMatchObject({
    inputs: ["--seed=1"],
    orientation: "exif",
  });
});
