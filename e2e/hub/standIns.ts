import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors, type SafetensorsTensor } from "../../src/common/formats/safetensors";
import { randomNormal } from "../../src/common/math/rng";
import { loadGolden } from "../../test/golden";

/** The parameters of a golden below one of its prefixes, as the file a hub would have of them. */
export function goldenWeights(golden: string, prefix = "params."): Uint8Array {
  const { tensors } = loadGolden(golden);
  const own = [...tensors]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, tensor]) => [name.slice(prefix.length), tensor] as const);
  if (own.length === 0) throw new Error(`${golden} has no tensor below "${prefix}".`);
  return new Uint8Array(encodeSafetensors(new Map(own)));
}

/** The golden networks, tiny, under the real repositories' names; each needs its own configuration. */
export const goldenHubFiles = (): Map<string, Uint8Array> =>
  new Map([
    [
      "timm/vit_small_patch14_dinov2.lvd142m@main/model.safetensors",
      goldenWeights("encoders/dinov2"),
    ],
    ["facebook/dinov2-small@main/model.safetensors", goldenWeights("encoders/dinov2", "hub.hf.")],
    ["timm/vit_small_patch16_224.dino@main/model.safetensors", goldenWeights("encoders/dino_v1")],
    [
      "timm/vit_large_patch14_clip_224.openai@main/model.safetensors",
      goldenWeights("encoders/clip_vision", "hub.timm."),
    ],
    [
      "stabilityai/sd-vae-ft-mse@main/diffusion_pytorch_model.safetensors",
      goldenWeights("vae/autoencoder_kl"),
    ],
    ["madebyollin/taesd@main/diffusion_pytorch_model.safetensors", goldenWeights("vae/taesd")],
  ]);

const WIDTH = 384;
const DEPTH = 12;

/** Names and shapes of timm's DINOv2 ViT-S/14: 22,056,576 values. */
function dinov2SmallShapes(): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([
    ["cls_token", [1, 1, WIDTH]],
    ["pos_embed", [1, 1370, WIDTH]],
    ["patch_embed.proj.weight", [WIDTH, 3, 14, 14]],
    ["patch_embed.proj.bias", [WIDTH]],
    ["norm.weight", [WIDTH]],
    ["norm.bias", [WIDTH]],
  ]);
  for (let block = 0; block < DEPTH; block++) {
    const scope = `blocks.${block}`;
    const linear = (name: string, inputs: number, outputs: number) => {
      shapes.set(`${scope}.${name}.weight`, [outputs, inputs]);
      shapes.set(`${scope}.${name}.bias`, [outputs]);
    };
    for (const name of ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"]) {
      shapes.set(`${scope}.${name}`, [WIDTH]);
    }
    for (const name of ["ls1.gamma", "ls2.gamma"]) shapes.set(`${scope}.${name}`, [WIDTH]);
    linear("attn.qkv", WIDTH, 3 * WIDTH);
    linear("attn.proj", WIDTH, WIDTH);
    linear("mlp.fc1", WIDTH, 4 * WIDTH);
    linear("mlp.fc2", 4 * WIDTH, WIDTH);
  }
  return shapes;
}

/** As many normal numbers as a prime, so that no tensor's rows repeat one another. */
const POOL = 65_521;

/** Values that keep activations of order one: norms and layer scales at 1, weights by their inputs. */
function standInTensor(name: string, shape: readonly number[], pool: Float32Array, start: number) {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const data = new Float32Array(count);
  if (/(norm\d?\.weight|gamma)$/.test(name)) data.fill(1);
  else if (!name.endsWith(".bias")) {
    const inputs = count / (shape[0] ?? 1);
    const std = name.endsWith(".weight") ? Math.sqrt(1 / inputs) : 0.02;
    for (let i = 0; i < count; i++) data[i] = std * (pool[(start + i) % POOL] ?? 0);
  }
  return { dtype: "F32", shape, data } satisfies SafetensorsTensor;
}

/**
 * A file of DINOv2 ViT-S/14's true names and shapes with seeded random values, 88 MB, made once.
 * @returns its path below `folder`
 */
export async function dinov2SmallFile(folder = ".cache/standIns"): Promise<string> {
  const path = join(folder, "dinov2-small-1.safetensors");
  if (existsSync(path)) return path;
  const pool = randomNormal({ seed: 1, stream: "stand-in", index: 0 }, POOL);
  const tensors = new Map(
    [...dinov2SmallShapes()].map(([name, shape], at) => [
      name,
      standInTensor(name, shape, pool, at * 7919),
    ]),
  );
  await mkdir(folder, { recursive: true });
  await writeFile(`${path}.part`, new Uint8Array(encodeSafetensors(tensors)));
  await rename(`${path}.part`, path);
  return path;
}
