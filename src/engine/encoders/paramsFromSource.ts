import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { TensorSource } from "../../common/formats/tensorSource";
import type { ParamMap } from "../nn/params";
import { floatValues } from "../../common/formats/floatValues";

type Shape = readonly number[];

/** Names listed in a message before "and N more". */
const NAMED = 5;

/** A matrix may be stored as the 1x1 convolution it is. */
const fits = (stored: Shape, wanted: Shape): boolean =>
  stored.join() === wanted.join() ||
  (wanted.length === 2 && stored.join() === [...wanted, 1, 1].join());

/** Everything that is missing, has another shape or is surplus, in one error. */
function mismatch(source: TensorSource, missing: string[], others: string[]): StudioError {
  const problems = [...missing, ...others];
  const more = problems.length > NAMED ? `, and ${problems.length - NAMED} more` : "";
  return new StudioError(
    missing.length > 0 ? "PARAM_MISSING" : "SHAPE_MISMATCH",
    `${source.name} does not hold this model: ${problems.slice(0, NAMED).join(", ")}${more}.`,
    "The file belongs to another model: check where it comes from, or download it again.",
  );
}

/**
 * Parameters of `shapes` from a published file, read one tensor after another. The caller disposes them.
 * @param nameOf the name in `shapes` of a tensor of the file
 * @param mayBeLeft what else the file may hold; everything by default
 * @throws StudioError PARAM_MISSING or SHAPE_MISMATCH naming what is wrong, before anything is read;
 * BAD_SAFETENSORS when a tensor is not F32, F16 or BF16
 */
export async function paramsFromSource(
  source: TensorSource,
  shapes: ReadonlyMap<string, Shape>,
  nameOf: (stored: string) => string,
  mayBeLeft: (stored: string) => boolean = () => true,
): Promise<ParamMap> {
  const stored = new Map([...source.tensors.keys()].map((name) => [nameOf(name), name]));
  const shapeOf = (name: string) => source.tensors.get(stored.get(name) ?? "")?.shape;
  const missing = [...shapes.keys()].filter((name) => !shapeOf(name));
  const misshapen = [...shapes].flatMap(([name, wanted]) => {
    const shape = shapeOf(name);
    return shape && !fits(shape, wanted)
      ? [`"${name}" is [${shape.join(", ")}] instead of [${wanted.join(", ")}]`]
      : [];
  });
  const surplus = [...source.tensors.keys()].filter(
    (name) => !shapes.has(nameOf(name)) && !mayBeLeft(name),
  );
  if (missing.length + misshapen.length + surplus.length > 0) {
    const absent = missing.map((name) => `"${name}" is missing`);
    const strange = surplus.map((name) => `"${name}" is not of it`);
    throw mismatch(source, absent, [...misshapen, ...strange]);
  }
  const params: Record<string, Tensor> = {};
  try {
    for (const [name, shape] of shapes) {
      const file = stored.get(name) ?? name;
      const values = floatValues(source.name, file, await source.read(file));
      params[name] = tf.tensor(values, [...shape]);
    }
  } catch (thrown) {
    tf.dispose(Object.values(params));
    throw thrown;
  }
  return params;
}
