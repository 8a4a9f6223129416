import { StudioError } from "../errors/studioError";
import { bfloat16ToFloat32, halfToFloat32 } from "../math/half";
import type { SafetensorsDtype, SafetensorsTensor } from "./safetensors";

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
