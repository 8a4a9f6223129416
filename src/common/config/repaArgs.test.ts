import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryExperiment } from "../../../test/arbitraryExperiment";
import { Experiment } from "./experiment";
import { nonDefaults } from "./nonDefaults";
import { presetById } from "./presets";
import { dataShape, EMOJI_SHAPE } from "./sizes";
import { fromRepaArgs, toRepaArgs } from "./repaArgs";

test("the defaults are the reference's: its README's command is our default experiment in fp16 but for the encoder", () => {
  const readme = `accelerate launch train.py \\
    --report-to="wandb" \\
    --allow-tf32 \\
    --mixed-precision="fp16" \\
    --seed=0 \\
    --path-type="linear" \\
    --prediction="v" \\
    --weighting="uniform" \\
    --model="SiT-XL/2" \\
    --enc-type="dinov2-vit-b" \\
    --proj-coeff=0.5 \\
    --encoder-depth=8 \\
    --output-dir="exps" \\
    --exp-name="linear-dinov2-b-enc8" \\
    --data-dir=[YOUR_DATA_PATH]`;
  const { experiment, issues } = fromRepaArgs(readme);
  expect(experiment).toEqual(
    Experiment.parse({
      model: { size: "XL" },
      alignment: { encoders: ["dinov2-b"] },
      optimizer: { mixedPrecision: true },
    }),
  );
  expect(issues).toEqual([]);
});

test("the paper's B/2 becomes the reference's command, every departure named", () => {
  const { command, args, unmatched } = toRepaArgs(presetById("paper-b2").experiment);
  expect(command.startsWith("accelerate launch train.py \\\n  --report-to=wandb \\\n")).toBe(true);
  for (const wanted of [
    "--model=SiT-B/2",
    "--enc-type=dinov2-vit-b",
    "--proj-coeff=0.5",
    "--encoder-depth=4",
    "--path-type=linear",
    "--weighting=uniform",
    "--prediction=v",
    "--learning-rate=0.0001",
    "--batch-size=256",
    "--max-train-steps=400000",
    "--seed=0",
    "--max-grad-norm=1",
    "--adam-weight-decay=0",
    "--no-qk-norm",
    "--mixed-precision=no",
  ]) {
    expect(args).toContain(wanted);
  }
  expect(unmatched.map((issue) => issue.path)).toEqual([
    "data.dataset",
    "autoencoder.id",
    "sampling",
  ]);
  expect(unmatched.at(-1)?.message).toContain("--mode=sde --num-steps=250 --cfg-scale=1 ");
});

test("a DiT goes to the trainer as the SiT of its size, and comes from DiT's own names", () => {
  const dit = Experiment.parse({ model: { family: "dit", size: "XL" } });
  const { args, unmatched } = toRepaArgs(dit);
  expect(args).toContain("--model=SiT-XL/2");
  expect(unmatched.find(({ path }) => path === "model.family")?.message).toMatch(/SiT alone/);
  expect(unmatched.at(-1)?.message).toBe(
    "DiT's sample.py samples with: --num-sampling-steps=250 --cfg-scale=1",
  );
  expect(fromRepaArgs("train.py --model DiT-XL/2").experiment).toEqual(dit);
  expect(fromRepaArgs("train.py --model UiT-XL/2").issues).toHaveLength(1);
});

test("settings the trainer fixes in code are named", () => {
  const { unmatched, args } = toRepaArgs(
    Experiment.parse({
      data: { imageLimit: 10 },
      alignment: { objective: "ntxent", projectorWidth: 256 },
      optimizer: { emaDecay: 0.99, labelDrop: 0.2 },
    }),
  );
  expect(args).toContain("--model=SiT-S/2");
  expect(unmatched.map((issue) => issue.path)).toEqual(
    expect.arrayContaining([
      "model.size",
      "alignment.objective",
      "alignment.projectorWidth",
      "optimizer.emaDecay",
      "optimizer.labelDrop",
      "data.imageLimit",
    ]),
  );
});

test("what the trainer can express comes back from its command", () => {
  const expressible =
    /^(transport\.|model\.qkNorm|alignment\.(projCoeff|encoderDepth)|evaluation\.(checkpointEvery|gridEvery)|optimizer\.(?!labelDrop|emaDecay|recompute))/;
  const kept = (experiment: Experiment) =>
    nonDefaults(experiment)
      .map(({ setting, value }) => ({ path: setting.path, value }))
      .filter(({ path }) => expressible.test(path));
  fc.assert(
    fc.property(arbitraryExperiment, (experiment) => {
      const { experiment: back, issues } = fromRepaArgs(toRepaArgs(experiment).command);
      expect(kept(back)).toEqual(kept(experiment));
      const builtIn = dataShape(experiment.data).classes === EMOJI_SHAPE.classes;
      expect(issues.map((issue) => issue.path)).toEqual(builtIn ? [] : ["--num-classes"]);
    }),
  );
});

test("encoders the released trainer loads come and go by its names; the others are named and stay behind", () => {
  const encoders = ["dinov2-g-reg", "mae-b", "clip-l"];
  const { args, unmatched } = toRepaArgs(Experiment.parse({ alignment: { encoders } }));
  expect(args).toContain("--enc-type=dinov2reg-vit-g,clip-vit-L");
  const issue = unmatched.find(({ path }) => path === "alignment.encoders");
  expect(issue?.message).toMatch(
    /cannot load mae-b; it aligns with dinov2reg-vit-g,clip-vit-L alone/,
  );
  const back = fromRepaArgs(args.join(" "));
  expect(back.experiment.alignment.encoders).toEqual(["dinov2-g-reg", "clip-l"]);
  expect(fromRepaArgs("--enc-type=dinov1-vit-b,mae-vit-l").issues).toEqual([
    { path: "--enc-type", message: "dinov1-vit-b is not in the catalogue." },
  ]);
  const many = "--enc-type=dinov2-vit-s,dinov2-vit-b,dinov2-vit-l,dinov2-vit-g";
  expect(fromRepaArgs(many).issues.map(({ message }) => message)).toEqual([
    "4 encoders are too many.",
  ]);
});

test("the fine-tuned autoencoders are --vae of generate.py, and the trainer's own is no departure", () => {
  const of = (id: string) => toRepaArgs(Experiment.parse({ autoencoder: { id } })).unmatched;
  expect(of("sd-vae-ft-mse").map(({ path }) => path)).not.toContain("autoencoder.id");
  expect(of("sd-vae-ft-mse").at(-1)?.message).toContain(" --vae=mse");
  expect(of("sd-vae-ft-ema").map(({ path }) => path)).toContain("autoencoder.id");
  expect(of("sd-vae-ft-ema").at(-1)?.message).toContain(" --vae=ema");
  expect(of("taesd").at(-1)?.message).not.toContain("--vae");
  expect(fromRepaArgs("generate.py --vae=ema").experiment.autoencoder.id).toBe("sd-vae-ft-ema");
  expect(fromRepaArgs("generate.py --vae=sdxl").issues.map(({ path }) => path)).toEqual(["--vae"]);
});

test("a micro-batch is the trainer's batch, and the rest is accumulated", () => {
  const optimizer = { batchSize: 256, microBatch: 64, recompute: true };
  const { args, unmatched } = toRepaArgs(Experiment.parse({ optimizer }));
  expect(args).toContain("--batch-size=64");
  expect(args).toContain("--gradient-accumulation-steps=4");
  expect(unmatched.map((issue) => issue.path)).toContain("optimizer.recompute");
  const back = fromRepaArgs("train.py --gradient-accumulation-steps=4 --batch-size=64");
  expect(back.experiment.optimizer).toMatchObject({ batchSize: 256, microBatch: 64 });
  expect(back.issues).toEqual([]);
  const tooMany = fromRepaArgs("train.py --batch-size=512 --gradient-accumulation-steps=3");
  expect(tooMany.experiment).toEqual(Experiment.parse({}));
  expect(tooMany.issues.map((issue) => issue.path)).toEqual(["--batch-size"]);
  const zero = fromRepaArgs("train.py --batch-size=32 --gradient-accumulation-steps=0");
  expect(zero.experiment.optimizer).toMatchObject({ batchSize: 32, microBatch: null });
  expect(zero.issues.map((issue) => issue.path)).toEqual(["--gradient-accumulation-steps"]);
});

test("fp16 is mixed precision, no is float32, and bf16 is refused by name", () => {
  const half = Experiment.parse({ optimizer: { mixedPrecision: true } });
  expect(toRepaArgs(half).args).toContain("--mixed-precision=fp16");
  expect(fromRepaArgs("--mixed-precision=no").experiment).toEqual(Experiment.parse({}));
  const { experiment, issues } = fromRepaArgs("--mixed-precision=bf16");
  expect(experiment.optimizer.mixedPrecision).toBe(false);
  expect(issues).toEqual([
    { path: "--mixed-precision", message: "bf16 is not offered: fp16 or no is." },
  ]);
});

test("arguments apart from their values, unknown ones and illegal ones", () => {
  const { experiment, issues } = fromRepaArgs(
    "python train.py --batch-size 64 --qk-norm --model SiT-L/4 --learning-rate=2 --seed --lr 3 --cfg-prob 0.2",
  );
  expect(experiment.optimizer.batchSize).toBe(64);
  expect(experiment.model).toMatchObject({ size: "L", patchSize: 4, qkNorm: true });
  expect(experiment.optimizer.learningRate).toBe(1e-4);
  expect(issues.map((issue) => issue.path)).toEqual([
    "--learning-rate",
    "--seed",
    "--lr",
    "--cfg-prob",
  ]);
  expect(() => fromRepaArgs("hello")).toThrow(/No argument/);
});

test("a command pasted from a document loses nothing without a word", () => {
  const pasted = [
    "accelerate launch train.py \u2014model=\u201cSiT-L/4\u201d ^\r\n\u2013\u2013learning-rate\u00a0=2e-4",
    "\u2212\u2212batch-size\u00a064 --proj_coeff=0.25 `\n--Seed=7 -qk-norm encoder-depth=4",
  ].join(" ");
  const { experiment, issues } = fromRepaArgs(pasted.replace("\u00a0=", "="));
  expect(experiment.model).toMatchObject({ size: "L", patchSize: 4 });
  expect(experiment.optimizer).toMatchObject({ learningRate: 2e-4, batchSize: 64 });
  expect(experiment.alignment.projCoeff).toBe(0.25);
  expect(issues.map(({ path }) => path)).toEqual(["-qk-norm", "encoder-depth=4"]);
  const long = fromRepaArgs(`--model=${"x".repeat(1e6)} --${"y".repeat(1e6)}=1`);
  expect(JSON.stringify(long.issues).length).toBeLessThan(1500);
});
