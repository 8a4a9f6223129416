import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  encodeSafetensors,
  parseSafetensors,
  type SafetensorsTensor,
} from "../../src/common/formats/safetensors";
import { parityReport } from "./report";

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), "..", "golden");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parity-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Json = Record<string, Record<string, unknown>>;

/** Copies a fixture into the folder, with its manifest and tensors changed. */
function variation(
  fixture: string,
  change: (manifest: Json, tensors: Map<string, SafetensorsTensor>) => void,
): void {
  const source = join(GOLDEN, fixture);
  const manifest = JSON.parse(readFileSync(`${source}.json`, "utf8")) as Json;
  const file = parseSafetensors(readFileSync(`${source}.safetensors`));
  const tensors = new Map(file.tensors);
  change(manifest, tensors);
  writeFileSync(join(folder, "variation.json"), JSON.stringify({ ...manifest, file: undefined }));
  writeFileSync(join(folder, "variation.safetensors"), new Uint8Array(encodeSafetensors(tensors)));
}

async function report(...folders: string[]) {
  const lines: string[] = [];
  const totals = await parityReport(folders.length > 0 ? folders : [folder], (line) =>
    lines.push(line),
  );
  return { ...totals, lines, failures: lines.filter((line) => line.startsWith("FAIL")) };
}

/** Drops what a test does not need: every tensor but those named, the parameters and the inputs. */
function keepOnly(manifest: Json, tensors: Map<string, SafetensorsTensor>, kept: RegExp): void {
  const isInput = /^(param\.|x$|t$|y$|noise$|zs$|sample\.(latents|y|noise)$)/;
  for (const name of tensors.keys()) {
    if (!kept.test(name) && !isInput.test(name)) {
      tensors.delete(name);
      delete manifest.tensors?.[name];
    }
  }
  manifest.checks = {};
  manifest.sampler_guided_evaluations = {};
}

test("an empty folder, a missing one and one of other files have nothing comparable", async () => {
  const missing = join(folder, "nowhere");
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "inner", "notes.json"), '{"what": "no tensors here"}');
  for (const place of [folder, join(folder, "inner")]) {
    const { failed, lines } = await report(place);
    expect(failed).toBe(true);
    expect(lines).toContain(`FAIL  ${place}  nothing in it can be compared with this project`);
    expect(lines.at(-1)).toBe("0 passed, 0 failed");
  }
  expect((await report(missing)).failures[0]).toContain("no such folder");
});

test("sampler cases, their options and number of steps come from the manifest", async () => {
  variation("sit/sit-tiny", (manifest, tensors) => {
    keepOnly(manifest, tensors, /^sample\.euler\.cfg_gi(\.traj)?$/);
    for (const name of ["sample.euler.cfg_gi", "sample.euler.cfg_gi.traj"]) {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(name);
      const renamed = name.replace("cfg_gi", "half_guided");
      tensors.delete(name);
      tensors.set(renamed, tensor);
      delete manifest.tensors?.[name];
      manifest.tensors = { ...manifest.tensors, [renamed]: { dtype: "F32" } };
    }
    manifest.sampler_cases = { half_guided: manifest.sampler_cases?.cfg_gi };
    manifest.sampler_guided_evaluations = { "euler.half_guided": [0, 0, 1, 1, 1, 1] };
  });
  const { lines, failed } = await report();
  expect(failed).toBe(false);
  expect(lines.join("\n")).toContain("pass  sample.euler.half_guided.traj");
  expect(lines.at(-1)).toBe("3 passed, 0 failed");
});

test("another guidance scale, number of steps or width than the tensors were made with fails", async () => {
  const changes: ((manifest: Json) => void)[] = [
    (m) => (m.sampler_cases = { cfg: { cfg_scale: 2.2 } }),
    (m) => (m.hyper = { ...m.hyper, num_steps: 5 }),
    (m) => (m.config = { ...m.config, num_heads: 2 }),
  ];
  for (const change of changes) {
    variation("sit/sit-tiny", (manifest, tensors) => {
      keepOnly(manifest, tensors, /^sample\.euler\.cfg$/);
      change(manifest);
    });
    const { failedCount, passedCount } = await report();
    expect([passedCount, failedCount]).toEqual([0, 1]);
  }
});

test("optimiser settings come from the manifest: another rate, decay, clip or EMA fails", async () => {
  const kept = /^step(3)?\.(loss_total_after$|ema\.final_layer)/;
  const changes: [failures: number, change: (manifest: Json) => void][] = [
    [0, () => undefined],
    [2, (m) => (m.hyper = { ...m.hyper, lr: 5e-4 })],
    [1, (m) => (m.hyper = { ...m.hyper, ema_decay: 0.95 })],
    [2, (m) => (m.hyper = { ...m.hyper, opt_steps: 2 })],
    [1, (m) => (m.hyper = { ...m.hyper, weight_decay_runs: { "step.": 2 } })],
  ];
  for (const [failures, change] of changes) {
    variation("sit/sit-tiny", (manifest, tensors) => {
      keepOnly(manifest, tensors, kept);
      manifest.hyper = { ...manifest.hyper, weight_decay_runs: { "step.": 0 } };
      change(manifest);
    });
    const { failedCount, passedCount } = await report();
    expect(failedCount).toBeGreaterThanOrEqual(failures);
    expect(failedCount + passedCount).toBe(2);
    if (failures === 0) expect(failedCount).toBe(0);
  }
});

test("a perturbed tensor fails its case and no other", async () => {
  variation("sit/sit-tiny", (manifest, tensors) => {
    keepOnly(manifest, tensors, /^(out\.|unit\.)/);
    const tensor = tensors.get("out.block.2");
    if (tensor?.dtype !== "F32") throw new Error("out.block.2");
    const data = tensor.data.slice();
    data[100] = (data[100] ?? 0) + 1e-3;
    tensors.set("out.block.2", { ...tensor, data });
  });
  const { failures, passedCount } = await report();
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(/^FAIL {2}out\.block\.2 {2}error 1\.00e-3/);
  expect(passedCount).toBeGreaterThan(10);
});

test("a tensor the manifest lists and the file lacks fails with its name", async () => {
  variation("sit/sit-tiny", (manifest, tensors) => {
    keepOnly(manifest, tensors, /^out\.(v|c)$/);
    tensors.delete("out.v");
  });
  const { failures } = await report();
  expect(failures).toEqual(['FAIL  out.v  the fixture has no tensor "out.v"']);
});

test("a truncated tensor file and broken JSON are failures, and the rest goes on", async () => {
  const sit = readFileSync(join(GOLDEN, "sit/sit-tiny.safetensors"));
  cpSync(join(GOLDEN, "sit/sit-tiny.json"), join(folder, "broken.json"));
  writeFileSync(join(folder, "sit-tiny.safetensors"), sit.subarray(0, sit.length - 1000));
  writeFileSync(join(folder, "nonsense.json"), "{");
  cpSync(join(GOLDEN, "vae/autoencoder_kl.json"), join(folder, "autoencoder_kl.json"));
  cpSync(
    join(GOLDEN, "vae/autoencoder_kl.safetensors"),
    join(folder, "autoencoder_kl.safetensors"),
  );
  const { failures, passedCount, failed } = await report();
  expect(failed).toBe(true);
  expect(failures).toHaveLength(2);
  expect(failures[0]).toMatch(/broken\.json .*1000 bytes/);
  expect(passedCount).toBeGreaterThan(10);
});

test("a SiT manifest without a setting it needs is a failure that names the setting", async () => {
  variation("sit/sit-tiny", (manifest) => delete manifest.hyper?.opt_steps);
  const { failures, failed } = await report();
  expect(failed).toBe(true);
  expect(failures[0]).toContain("opt_steps");
});

test("an expected tensor nothing here computes is named, not passed over in silence", async () => {
  variation("sit/sit-tiny", (manifest, tensors) => {
    keepOnly(manifest, tensors, /^unit\./);
    manifest.tensors = { ...manifest.tensors, "extra.thing": { dtype: "F32", atol: 1 } };
  });
  const { lines } = await report();
  expect(lines).toContain("note  not compared: extra.thing");
});
