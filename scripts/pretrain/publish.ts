import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { encodeSafetensors, type SafetensorsTensor } from "../../src/common/formats/safetensors";
import { float32ToHalf, halfToFloat32 } from "../../src/common/math/half";
import { parameterCount, type ParamMap } from "../../src/engine/nn/params";
import { MODELS_DIR } from "./runtime";

/** `params` as they come back from float16: what everybody but the trainer will see. */
export async function roundedToHalf(params: ParamMap): Promise<ParamMap> {
  const rounded: Record<string, tf.Tensor> = {};
  for (const [name, tensor] of Object.entries(params)) {
    const values = halfToFloat32(float32ToHalf(await tensor.data<"float32">()));
    rounded[name] = tf.tensor(values, tensor.shape);
  }
  return rounded;
}

/** Writes NAME.safetensors in float16 and returns what its card says of the file. */
export async function writeWeights(name: string, params: ParamMap) {
  const tensors: Record<string, SafetensorsTensor> = {};
  for (const [key, tensor] of Object.entries(params)) {
    const data = float32ToHalf(await tensor.data<"float32">());
    tensors[key] = { dtype: "F16", shape: tensor.shape, data };
  }
  const bytes = new Uint8Array(encodeSafetensors(tensors));
  const file = `${name}.safetensors`;
  await writeFile(join(MODELS_DIR, file), bytes);
  return {
    file,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    parameters: parameterCount(params),
  };
}

export const writeCard = (name: string, card: unknown): Promise<void> =>
  writeFile(join(MODELS_DIR, `${name}.json`), `${JSON.stringify(card, null, 2)}\n`);
