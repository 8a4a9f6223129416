import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { ReadFile } from "../../common/formats/readFile";
import {
  parseSafetensors,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from "../../common/formats/safetensors";
import { sha256Hex } from "../../common/formats/sha256";
import { bfloat16ToFloat32, halfToFloat32 } from "../../common/math/half";
import type { ParamMap } from "../nn/params";

/** What the card of a file of weights says about it. */
export interface FileIdentity {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The bytes of a file of weights, refused unless their number and checksum are those of the card.
 * @throws StudioError CHECKSUM_MISMATCH naming the file
 */
export async function readWeightsFile(
  readFile: ReadFile,
  { file, bytes: wanted, sha256 }: FileIdentity,
): Promise<Uint8Array> {
  const bytes = await readFile(file);
  const found = bytes.length === wanted ? await sha256Hex(bytes) : "not computed";
  if (found !== sha256) {
    throw new StudioError(
      "CHECKSUM_MISMATCH",
      `${file} has ${bytes.length} bytes and SHA-256 ${found.slice(0, 12)}…, its card says ${wanted} bytes and ${sha256.slice(0, 12)}….`,
      "The file is damaged or of another version than its card: reload the page, or clear the browser's cache for it.",
    );
  }
  return bytes;
}

/** Types weights are stored in. */
export const isFloat = (dtype: SafetensorsDtype): boolean =>
  dtype === "F32" || dtype === "F16" || dtype === "BF16";

/**
 * A stored tensor's numbers. @param file and @param name are for the message.
 * @throws StudioError BAD_SAFETENSORS when it is not F32, F16 or BF16
 */
export function floatValues(file: string, name: string, tensor: SafetensorsTensor): Float32Array {
  switch (tensor.dtype) {
    case "F32":
      return tensor.data;
    case "F16":
      return halfToFloat32(tensor.data);
    case "BF16":
      return bfloat16ToFloat32(tensor.data);
    default:
      throw new StudioError(
        "BAD_SAFETENSORS",
        `${file}: tensor "${name}" is ${tensor.dtype}; weights are F32, F16 or BF16.`,
        "Convert the file to one of these types.",
      );
  }
}

/**
 * Parameters from a safetensors file, strict: every name of `shapes`, no other, each of its shape.
 * The caller disposes them.
 * @throws StudioError BAD_SAFETENSORS, PARAM_MISSING or SHAPE_MISMATCH, before any tensor is made
 */
export function paramsFromSafetensors(
  file: string,
  bytes: Uint8Array,
  shapes: ReadonlyMap<string, readonly number[]>,
): ParamMap {
  const { tensors } = parseSafetensors(bytes);
  const hint = "The file does not belong to this model: check its card, or download it again.";
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor) throw new StudioError("PARAM_MISSING", `${file} lacks "${name}".`, hint);
    if (tensor.shape.join() !== shape.join()) {
      throw new StudioError(
        "SHAPE_MISMATCH",
        `${file}: "${name}" has shape [${tensor.shape.join(", ")}], expected [${shape.join(", ")}].`,
        hint,
      );
    }
  }
  const stranger = [...tensors.keys()].find((name) => !shapes.has(name));
  if (stranger !== undefined) {
    throw new StudioError("SHAPE_MISMATCH", `${file} has an unknown tensor "${stranger}".`, hint);
  }
  const values = [...shapes].map(([name, shape]) => {
    const tensor = tensors.get(name);
    return { name, shape, values: tensor && floatValues(file, name, tensor) };
  });
  const params: Record<string, Tensor> = {};
  for (const { name, shape, values: data } of values) {
    if (data) params[name] = tf.tensor(data, [...shape]);
  }
  return params;
}
