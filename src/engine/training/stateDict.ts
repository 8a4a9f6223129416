import { Experiment, type MODEL_SIZES } from "../../common/config/experiment";
import { FAMILY_LABELS, MODEL_FAMILIES, type ModelFamily } from "../../common/config/modelFamily";
import { dataShape, headChannels, latentShape, MODEL_SIZE_TABLE } from "../../common/config/sizes";
import { namesOf } from "../../common/math/records";
import { StudioError } from "../../common/errors/studioError";
import { parseSafetensors, type SafetensorsTensor } from "../../common/formats/safetensors";
import { floatValues } from "../../common/formats/floatValues";
import type { CheckpointContents } from "./checkpoint";

type Tensors = ReadonlyMap<string, SafetensorsTensor>;
type Size = (typeof MODEL_SIZES)[number];

/** What a state dict's shapes say of its model; heads are the size table's, because no shape tells them. */
interface DescribedModel {
  readonly family: ModelFamily;
  readonly size: Size;
  readonly patchSize: 1 | 2 | 4 | 8;
  readonly channels: number;
  /** Side of its latents, in latent px. */
  readonly side: number;
  readonly labelRows: number;
  readonly qkNorm: boolean;
}

const refuse = (message: string, hint: string) => new StudioError("BAD_CHECKPOINT", message, hint);

const NOT_KNOWN =
  "Open the weights of a published SiT or DiT as their state dict, saved as safetensors with its own names.";

/** Whether a file is a bare state dict of a SiT or DiT: without the studio's prefixes and description. */
const isStateDict = (tensors: Tensors) =>
  ["x_embedder.proj.weight", "final_layer.linear.weight", "pos_embed"].every((name) =>
    tensors.has(name),
  );

/** @throws StudioError BAD_CHECKPOINT when the shapes are no model's of the size table */
function describe(tensors: Tensors): DescribedModel {
  const shapeOf = (name: string) => tensors.get(name)?.shape ?? [];
  const [width = 0, channels = 0, patch = 0] = shapeOf("x_embedder.proj.weight");
  const [, tokens = 0] = shapeOf("pos_embed");
  const [predicted = 0] = shapeOf("final_layer.linear.weight");
  const [labelRows = 0] = shapeOf("y_embedder.embedding_table.weight");
  const blocks = [...tensors.keys()].flatMap((name) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? []);
  const depth = new Set(blocks).size;
  const named = namesOf(MODEL_SIZE_TABLE).find(
    (size) => MODEL_SIZE_TABLE[size].width === width && MODEL_SIZE_TABLE[size].depth === depth,
  );
  const family = MODEL_FAMILIES.find(
    (one) => predicted === patch * patch * headChannels(one, channels),
  );
  const patchSize = ([1, 2, 4, 8] as const).find((one) => one === patch);
  const side = Math.sqrt(tokens) * patch;
  if (!named || !family || !patchSize || !Number.isInteger(side)) {
    throw refuse(
      `Weights of width ${width}, depth ${depth}, patch ${patch}, ${channels} channels and ${predicted} outputs are no SiT or DiT of a size there is.`,
      NOT_KNOWN,
    );
  }
  const qkNorm = tensors.has("blocks.0.attn.q_norm.weight");
  return { family, size: named, patchSize, channels, side, labelRows, qkNorm };
}

/** @throws StudioError BAD_CHECKPOINT when the images that are set give the model other latents or labels than it has */
function assertFits(model: DescribedModel, settings: Pick<Experiment, "data" | "autoencoder">) {
  const { side, channels } = latentShape(settings);
  const { classes } = dataShape(settings.data);
  const name = `${FAMILY_LABELS[model.family]}-${model.size}/${model.patchSize}`;
  if (side !== model.side || channels !== model.channels) {
    throw refuse(
      `The weights are of a ${name} on latents of ${model.side}x${model.side}x${model.channels}; the data set and autoencoder that are set give ${side}x${side}x${channels}.`,
      "Choose data of the side the model was trained on and its autoencoder, and open the file again.",
    );
  }
  if (model.labelRows !== classes && model.labelRows !== classes + 1) {
    throw refuse(
      `The weights are of a ${name} with ${model.labelRows} rows of labels; the data set that is set has ${classes} classes.`,
      "Choose data with the classes the model was trained on, and open the file again.",
    );
  }
}

/**
 * A published model's state dict as a checkpoint, to be analysed: SiT's and DiT's names and shapes are the studio's own, so the
 * shapes say what the model is. What they cannot say, on which images, is that of `settings`; all else is the default. Its
 * weights stand for the EMA too (DiT's release holds the EMA), and it has no moments and no projectors. F16 and BF16 are read as well:
 * a DiT-XL in F32 is larger than a file that can be opened.
 * @returns null when the file is no bare state dict
 * @throws StudioError BAD_SAFETENSORS, also for weights that are no floats; BAD_CHECKPOINT for a model of no known size or other images than it was trained on
 */
export function readStateDict(
  bytes: ArrayBuffer | Uint8Array,
  settings: Pick<Experiment, "data" | "autoencoder">,
): CheckpointContents | null {
  const { tensors } = parseSafetensors(bytes);
  if (!isStateDict(tensors)) return null;
  const model = describe(tensors);
  assertFits(model, settings);
  const { family, size, patchSize, qkNorm, labelRows } = model;
  const { classes } = dataShape(settings.data);
  const experiment = Experiment.parse({
    data: settings.data,
    autoencoder: settings.autoencoder,
    model: { family, size, patchSize, qkNorm },
    ...(labelRows === classes ? { optimizer: { labelDrop: 0 } } : {}),
  });
  const params = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith("projectors.")) continue;
    params.set(name, { shape: tensor.shape, data: floatValues("the file", name, tensor) });
  }
  const none = new Map<string, never>();
  return {
    ...{ experiment, timeline: [], projectors: [], projectorSteps: {}, step: 0 },
    parts: { params, ema: params, expAvg: none, expAvgSq: none },
  };
}
