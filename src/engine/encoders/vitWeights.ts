import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { VitArchitecture } from "../../common/catalogue/vitArchitecture";
import { StudioError } from "../../common/errors/studioError";
import type { TensorSource } from "../../common/formats/tensorSource";
import { vitShapes } from "../models/vitInit";
import type { ParamMap } from "../nn/params";
import { namingOf, type NativeName } from "./vitNames";
import { floatValues, isFloat } from "../../common/formats/floatValues";

type Shape = readonly number[];

/** A parameter and the stored tensors it is made of: itself, or q, k and v, one below the other. */
interface Recipe {
  readonly name: string;
  readonly shape: Shape;
  readonly stored: readonly string[];
}

const PARTS = [0, 1, 2] as const;
const keyOf = ({ name, part }: NativeName): string =>
  part === undefined ? name : `${name}, ${"qkv".charAt(part)}`;

const withoutLeadingOnes = (shape: Shape): Shape => {
  const first = shape.findIndex((extent) => extent !== 1);
  return first < 0 ? [] : shape.slice(first);
};
/** CLIP's class token and positions are stored without leading ones. */
const sameShape = (a: Shape, b: Shape): boolean =>
  withoutLeadingOnes(a).join() === withoutLeadingOnes(b).join();

/** Stored names by what they are, and the names that are unknown or mean the same as another. */
function readNames({ name: file, tensors }: TensorSource) {
  const meaningOf = namingOf(tensors.keys());
  if (!meaningOf) {
    const first = [...tensors.keys()].slice(0, 3).join(", ");
    throw new StudioError(
      "PARAM_MISSING",
      `${file} has no patch embedding under a known name; it begins with ${first || "nothing"}.`,
      "Vision transformers are read under the names of timm, transformers, their authors or OpenAI's CLIP.",
    );
  }
  const storedBy = new Map<string, string>();
  const unknown: string[] = [];
  for (const stored of tensors.keys()) {
    const meaning = meaningOf(stored);
    if (meaning === "surplus") continue;
    if (meaning === "unknown" || storedBy.has(keyOf(meaning))) unknown.push(stored);
    else storedBy.set(keyOf(meaning), stored);
  }
  return { storedBy, unknown };
}

const oneRowLess = ([batch = 1, rows = 0, width = 0]: Shape): Shape => [batch, rows - 1, width];

/** timm's DINOv2 with registers has added the class token's position to the token and left its row out. */
function leavesRowOut(source: TensorSource, storedBy: ReadonlyMap<string, string>, full: Shape) {
  const [table, registers] = [storedBy.get("pos_embed"), storedBy.get("reg_token")];
  const stored = table === undefined ? undefined : source.tensors.get(table)?.shape;
  const isTimm = registers?.endsWith("reg_token") === true;
  return isTimm && stored !== undefined && sameShape(stored, oneRowLess(full));
}

/**
 * How every parameter of the architecture is read from the file.
 * @throws StudioError PARAM_MISSING or SHAPE_MISMATCH naming all that is missing, misshapen or unknown
 */
function recipesOf(source: TensorSource, config: VitArchitecture): Recipe[] {
  const { storedBy, unknown } = readNames(source);
  const missing: string[] = [];
  const wrong: string[] = [];
  const take = (key: string, shape: Shape): string[] => {
    const stored = storedBy.get(key);
    storedBy.delete(key);
    const facts = stored === undefined ? undefined : source.tensors.get(stored);
    if (stored === undefined || !facts) {
      missing.push(key);
      return [];
    }
    if (!isFloat(facts.dtype)) wrong.push(`"${stored}" is ${facts.dtype}, not F32, F16 or BF16`);
    if (!sameShape(facts.shape, shape)) {
      const [has, wanted] = [facts.shape, shape].map((extents) => extents.join(", "));
      wrong.push(`"${stored}" has shape [${has ?? ""}], expected [${wanted ?? ""}]`);
    }
    return [stored];
  };
  const shapes = vitShapes(config);
  const table = shapes.get("pos_embed") ?? [];
  const rowless =
    config.clsToken && leavesRowOut(source, storedBy, table) ? "pos_embed" : undefined;
  const recipes = [...shapes].map(([name, shape]): Recipe => {
    const [first = 0, ...rest] = shape;
    const thirds = PARTS.map((part) => keyOf({ name, part }));
    if (!storedBy.has(name) && thirds.some((key) => storedBy.has(key))) {
      return { name, shape, stored: thirds.flatMap((key) => take(key, [first / 3, ...rest])) };
    }
    return { name, shape, stored: take(name, name === rowless ? oneRowLess(shape) : shape) };
  });
  // the final norm is in every file, whether it is applied or not
  const left = [...storedBy].filter(([key]) => !key.startsWith("norm.")).map(([, name]) => name);
  assertNone(source.name, { missing, wrong, unknown: [...unknown, ...left] });
  return recipes;
}

function assertNone(
  file: string,
  { missing, wrong, unknown }: Readonly<Record<"missing" | "wrong" | "unknown", string[]>>,
): void {
  if (missing.length + wrong.length + unknown.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`lacks ${missing.join("; ")}`] : []),
    ...wrong,
    ...(unknown.length > 0
      ? [`has no use for ${unknown.map((name) => `"${name}"`).join(", ")}`]
      : []),
  ];
  throw new StudioError(
    missing.length > 0 ? "PARAM_MISSING" : "SHAPE_MISMATCH",
    `${file}: ${parts.join("; ")}.`,
    "The file belongs to another encoder: check where it comes from, or download it again.",
  );
}

/** The numbers of one parameter; a position table without the class token's row gets one of zeros. */
async function readValues(source: TensorSource, { shape, stored }: Recipe): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (const name of stored) parts.push(floatValues(source.name, name, await source.read(name)));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const [only] = parts;
  if (only?.length === size) return only;
  const values = new Float32Array(size);
  let at = size - parts.reduce((sum, { length }) => sum + length, 0);
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values;
}

/**
 * Parameters of a vision transformer from a file under any of the known namings (see vitNames.ts), F32, F16 or BF16,
 * read tensor by tensor. The caller disposes them.
 * @throws StudioError PARAM_MISSING or SHAPE_MISMATCH before anything is read; whatever reading throws
 */
export async function loadVitParams(
  source: TensorSource,
  config: VitArchitecture,
): Promise<ParamMap> {
  const params: Record<string, Tensor> = {};
  try {
    for (const recipe of recipesOf(source, config)) {
      params[recipe.name] = tf.tensor(await readValues(source, recipe), [...recipe.shape]);
    }
  } catch (error) {
    tf.dispose(params);
    throw error;
  }
  return params;
}
