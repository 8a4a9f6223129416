import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { ReadFile } from "../../common/formats/readFile";
import { floatValues } from "../../common/formats/floatValues";
import { parseSafetensors } from "../../common/formats/safetensors";
import { sha256Hex } from "../../common/formats/sha256";
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
