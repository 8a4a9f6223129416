import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { presetById } from "../../src/common/config/presets";
import { encodeLink } from "../../src/common/config/urlCodec";
import { asksForHelp, readOptions, USAGE } from "./options";
import { stateFolder } from "./stateFolder";

test("a preset with steps, seed and settings becomes an experiment that can run", () => {
  const options = readOptions(
    "--preset first-minute --steps 100 --seed 7 --set alignment.projCoeff=0 --out results --backend wasm".split(
      " ",
    ),
  );
  expect(options.experiment.optimizer).toMatchObject({ steps: 100, seed: 7 });
  expect(options.experiment.alignment.projCoeff).toBe(0);
  expect(options.experiment.sampling).toEqual(presetById("first-minute").experiment.sampling);
  expect(options.backend).toBe("wasm");
  expect(options.timeoutMs).toBe(Infinity);
});

test("values are JSON where they are JSON and text where not", () => {
  const { experiment } = readOptions([
    ...["--out", "x", "--set", 'alignment.encoders=["patch-histogram"]'],
    ...["--set", "sampling.solver=heun", "--set", "model.qkNorm=true"],
  ]);
  expect(experiment.alignment.encoders).toEqual(["patch-histogram"]);
  expect(experiment.sampling.solver).toBe("heun");
  expect(experiment.model.qkNorm).toBe(true);
});

test("a share link gives its experiment and timeline, whole or from its # on", () => {
  const experiment = presetById("tiny").experiment;
  const timeline = [{ step: 5, change: { projCoeff: 0.25 } }];
  const link = encodeLink({ experiment, timeline, card: {} });
  for (const url of [link, `http://localhost:4173/${link}`]) {
    expect(readOptions(["--url", url, "--out", "x"])).toMatchObject({ experiment, timeline });
  }
});

test("the command can be typed again", () => {
  const args = ["--out", "my results", "--set", 'alignment.encoders=["tiny-vit"]'];
  expect(readOptions(args).command).toBe(
    `npm run headless -- --out 'my results' --set 'alignment.encoders=["tiny-vit"]'`,
  );
});

test("a file of results is written where it is asked for, with the checkpoint only then", () => {
  expect(readOptions(["--out", "x"])).toMatchObject({ results: null, withCheckpoint: false });
  const asked = ["--out", "x", "--results", "run.zip", "--with-checkpoint"];
  expect(readOptions(asked)).toMatchObject({ results: resolve("run.zip"), withCheckpoint: true });
  expect(() => readOptions(["--out", "x", "--with-checkpoint"])).toThrow(/--results FILE/);
});

test("the node runtime takes an adapter and images", () => {
  const args = ["--runtime", "node", "--adapter", "lavapipe", "--images", "pictures", "--out", "x"];
  expect(readOptions(args)).toMatchObject({
    runtime: "node",
    adapter: "lavapipe",
    images: resolve("pictures"),
    imageSize: 64,
  });
  expect(readOptions(["--out", "x"])).toMatchObject({ runtime: "browser", images: null });
});

test("help is asked for beside anything else, and names every option", () => {
  expect(asksForHelp(["--out", "x", "--help"])).toBe(true);
  expect(asksForHelp(["--out", "x"])).toBe(false);
  for (const option of [
    "--runtime",
    "--adapter",
    "--images",
    "--image-size",
    "--state",
    "--help",
  ]) {
    expect(USAGE).toContain(`\n  ${option} `);
  }
});

test("the state is in the results and temporary, unless it is given by either name", async () => {
  const out = await mkdtemp(join(tmpdir(), "headless-"));
  const folder = (...more: string[]) => stateFolder(readOptions(["--out", out, ...more]));
  expect(folder()).toEqual({ path: join(out, "state"), temporary: true });
  for (const name of ["--state", "--profile"]) {
    expect(folder(name, "kept")).toEqual({ path: resolve("kept"), temporary: false });
  }
  await mkdir(join(out, "profile")); // what an earlier version left
  expect(folder()).toEqual({ path: join(out, "profile"), temporary: true });
  expect(folder("--runtime", "node").path).toBe(join(out, "state"));
  await mkdir(join(out, "state"));
  expect(folder().path).toBe(join(out, "state"));
  await rm(out, { recursive: true });
});

test.each([
  [[], "--out DIR is missing"],
  [["--out", "x", "--steps", "ten"], '--steps must be a whole number, got "ten"'],
  [["--out", "x", "--steps", "0"], "optimizer.steps cannot be 0"],
  [["--out", "x", "--backend", "cuda"], 'got "cuda"'],
  [["--out", "x", "--preset", "nano"], 'no preset "nano"'],
  [["--out", "x", "--set", "alignment.lambda=1"], 'no setting "alignment.lambda"'],
  [["--out", "x", "--set", "alignment.projCoeff=-1"], "alignment.projCoeff cannot be -1"],
  [["--out", "x", "--set", "alignment.encoderDepth=9"], "the model has"],
  [["--out", "x", "--set", "projCoeff"], "--set needs group.key=value"],
  [["--out", "x", "--url", "#/run?x=!!!"], "cannot be read"],
  [["--out", "x", "--url", "#/run?x=A", "--preset", "tiny"], "exclude each other"],
  [["--out", "x", "--frobnicate"], "frobnicate"],
  [["--out", "x", "--runtime", "deno"], 'got "deno"'],
  [["--out", "x", "--adapter", "lavapipe"], "--adapter needs --runtime node"],
  [["--out", "x", "--images", "pictures"], "--images needs --runtime node"],
  [["--out", "x", "--runtime", "node", "--adapter", "mesa"], 'got "mesa"'],
  [["--out", "x", "--state", "a", "--profile", "b"], "two names of one option"],
])("%j is refused by name", (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});

test("a model that wasm cannot hold is refused at once, with both numbers and what fits", () => {
  const asked = "--set model.size=XL --set optimizer.batchSize=1 --out x".split(" ");
  expect(() => readOptions([...asked, "--backend", "wasm"])).toThrow(
    /SiT-XL .* takes \d+\.\d\d GB by the memory plan; WebAssembly has 4\.29 GB at most/,
  );
  expect(readOptions([...asked, "--backend", "auto"]).experiment.model.size).toBe("XL");
});
