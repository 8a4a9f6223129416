import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import type { TransformerShape } from "../../src/engine/models/transformer";
import type { ParamMap } from "../../src/engine/nn/params";
import { compareArrays, maxAbs, toNchw, toNhwc } from "./arrays";
import type { ParityResult } from "./types";

const Count = z.int().min(1);
const Reductions = z.record(z.string(), z.tuple([z.number(), z.number(), z.number()]));

/** What the manifests of both families say of a model's shape. */
export const ShapeConfig = z.looseObject({
  input_size: Count,
  patch_size: Count,
  in_channels: Count,
  hidden_size: Count,
  depth: Count,
  num_heads: Count,
  num_classes: Count,
  mlp_ratio: z.number().positive().default(4),
  qk_norm: z.boolean().default(false),
  frequency_embedding_size: Count.default(256),
});

/** What they say of what is stored. */
export const StoredFields = z.looseObject({
  parameters: z.record(z.string(), z.looseObject({ stride: Count.default(1) })),
  tensors: z.record(z.string(), z.looseObject({ atol: z.number().optional() })),
  checks: z.record(z.string(), Reductions).default({}),
});

/** The parts of a SiT manifest that are read; whatever else it says is left alone. */
const SitManifest = StoredFields.extend({
  config: ShapeConfig.extend({
    z_dims: z.array(Count).min(1),
    encoder_depth: Count,
  }),
  hyper: z.looseObject({
    proj_coeff: z.number(),
    lr: z.number(),
    ema_decay: z.number(),
    max_grad_norm: z.number(),
    opt_steps: Count,
    tau: z.number(),
    num_steps: Count,
    betas: z.tuple([z.number(), z.number()]),
    adam_eps: z.number(),
    weight_decay_runs: z.record(z.string(), z.number()).default({ "step.": 0 }),
  }),
  sampler_cases: z
    .record(
      z.string(),
      z.looseObject({
        cfg_scale: z.number(),
        guidance_low: z.number().default(0),
        guidance_high: z.number().default(1),
      }),
    )
    .default({}),
  sampler_guided_evaluations: z.record(z.string(), z.array(z.number())).default({}),
});
export type SitManifest = z.infer<typeof SitManifest>;

/** "tight" is the manifest's; "gpu" the looser one its gradients name for a GPU, taken for all families. */
export type ParityPrecision = "tight" | "gpu";

/** A fixture of either family. */
export interface Fixture {
  readonly manifest: z.infer<typeof StoredFields>;
  readonly precision: ParityPrecision;
  readonly shape: TransformerShape;
  /** Has the file this tensor? */
  readonly has: (name: string) => boolean;
  /** Names of all tensors of the file. */
  readonly names: readonly string[];
  readonly numbers: (name: string) => Float32Array | Float64Array | Int32Array;
  readonly shapeOf: (name: string) => readonly number[];
}

export interface SitFixture extends Fixture {
  readonly manifest: SitManifest;
}

/** What only a SiT manifest has: a model with projectors. */
const LooksLikeSit = z.looseObject({
  config: z.looseObject({ z_dims: z.unknown(), encoder_depth: z.unknown() }),
});

/**
 * The manifest as a SiT manifest, or undefined when it is another family's.
 * @throws Error naming the field, when it is a SiT manifest with a missing or wrong setting
 */
export function asSitManifest(manifest: unknown): SitManifest | undefined {
  if (LooksLikeSit.safeParse(manifest).data?.config.z_dims === undefined) return undefined;
  const parsed = SitManifest.safeParse(manifest);
  if (parsed.success) return parsed.data;
  throw new Error(
    `the manifest is not readable: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, " ")}`,
  );
}

/** The model of a manifest's `config`. */
export const configShape = (config: z.infer<typeof ShapeConfig>): TransformerShape => ({
  inputSide: config.input_size,
  inChannels: config.in_channels,
  patchSize: config.patch_size,
  width: config.hidden_size,
  depth: config.depth,
  numHeads: config.num_heads,
  numClasses: config.num_classes,
  qkNorm: config.qk_norm,
  mlpRatio: config.mlp_ratio,
  frequencySize: config.frequency_embedding_size,
});

/** Tensors by name, as numbers and shapes. @throws Error naming what is missing or has another type */
export function tensorReader(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): Pick<Fixture, "has" | "names" | "numbers" | "shapeOf"> {
  const find = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`the fixture has no tensor "${name}"`);
    return tensor;
  };
  return {
    has: (name) => tensors.has(name),
    names: [...tensors.keys()],
    numbers: (name) => {
      const { data, dtype } = find(name);
      if (data instanceof BigInt64Array) return Int32Array.from(data, Number);
      if (data instanceof Uint8Array || data instanceof Uint16Array) {
        throw new Error(`tensor "${name}" is ${dtype}; expected numbers of 32 or 64 bits`);
      }
      return data;
    },
    shapeOf: (name) => find(name).shape,
  };
}

export const sitFixture = (
  manifest: SitManifest,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  precision: ParityPrecision,
): SitFixture => ({
  manifest,
  precision,
  shape: configShape(manifest.config),
  ...tensorReader(tensors),
});

/** [N, C, H, W] in the file, [N, H, W, C] here. */
export function latentsOf(fixture: Fixture, name: string): Tensor4D {
  const [n = 0, c = 0, h = 0, w = 0] = fixture.shapeOf(name);
  return tf.tensor4d(toNhwc(fixture.numbers(name), [n, c, h, w]), [n, h, w, c]);
}

export const tokensOf = (fixture: Fixture, name: string): Tensor3D =>
  tf.tensor3d(float32(fixture.numbers(name)), [...fixture.shapeOf(name)] as [
    number,
    number,
    number,
  ]);

export const labelsOf = (fixture: Fixture, name: string): Tensor1D =>
  tf.tensor1d(Int32Array.from(fixture.numbers(name)), "int32");

export const float32 = (values: ArrayLike<number>): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values);

const PARAM = "param.";

/** The starting parameters as tensors; the caller disposes them. */
export const paramsOf = (fixture: Fixture): ParamMap =>
  Object.fromEntries(
    fixture.names
      .filter((name) => name.startsWith(PARAM))
      .map((name): [string, Tensor] => [
        name.slice(PARAM.length),
        tf.tensor(float32(fixture.numbers(name)), [...fixture.shapeOf(name)]),
      ]),
  );

/** A single encoder's targets are `zs`; several are numbered. */
export function encoderName(fixture: SitFixture, base: string, index: number): string {
  const numbered = `${base}.${index}`;
  return fixture.has(numbered) || fixture.manifest.config.z_dims.length > 1 ? numbered : base;
}

/** Targets of every encoder, [B, T, Z]. */
export const featuresOf = (fixture: SitFixture): Tensor3D[] =>
  fixture.manifest.config.z_dims.map((_, i) => tokensOf(fixture, encoderName(fixture, "zs", i)));

/** A latent result read back in the reference's layout. */
export async function readNchw(x: Tensor4D): Promise<Float32Array> {
  const [n, h, w, c] = x.shape;
  return toNchw(await readFloats(x), [n, c, h, w]);
}

export const readFloats = async (x: Tensor): Promise<Float32Array> => float32(await x.data());

const FALLBACK_RELATIVE = 1e-5;
const GPU_RELATIVE = 1e-4;

/**
 * The allowed absolute error of a stored tensor: its `atol` (20 times the reference's own float32 error), or
 * on a GPU 1e-4 of its largest value where that is more.
 */
export function toleranceOf(fixture: Fixture, name: string): number {
  const largest = maxAbs(fixture.numbers(name));
  const stated = fixture.manifest.tensors[name]?.atol ?? FALLBACK_RELATIVE * largest;
  return fixture.precision === "gpu" ? Math.max(stated, GPU_RELATIVE * largest) : stated;
}

export function compareStored(
  fixture: Fixture,
  name: string,
  got: ArrayLike<number>,
): ParityResult {
  return compareArrays(name, got, fixture.numbers(name), toleranceOf(fixture, name));
}
