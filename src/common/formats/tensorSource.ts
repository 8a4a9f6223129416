import { StudioError } from "../errors/studioError";
import {
  foreignWanted,
  parseSafetensors,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from "./safetensors";

/** What is known of a stored tensor before it is read. */
export interface TensorFacts {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/**
 * A file of weights whose tensors are read one at a time: the largest encoders do not fit in memory twice.
 * Names are the file's own.
 */
export interface TensorSource {
  /** What the file is called, for messages. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorFacts>;
  /** @throws StudioError PARAM_MISSING for a name that is not in `tensors`; whatever reading throws */
  readonly read: (name: string) => Promise<SafetensorsTensor>;
}

/** Asked of a file that has no such tensor. */
export const tensorMissing = (file: string, name: string): StudioError =>
  new StudioError(
    "PARAM_MISSING",
    `${file} lacks "${name}".`,
    "The file does not belong to this model: check where it comes from, or download it again.",
  );

/**
 * A source over a whole safetensors file in memory.
 * @throws StudioError BAD_SAFETENSORS
 */
export function tensorSourceOf(name: string, bytes: Uint8Array): TensorSource {
  const { tensors, foreign } = parseSafetensors(bytes);
  return {
    name,
    tensors,
    read: (wanted) => {
      const tensor = tensors.get(wanted);
      if (tensor) return Promise.resolve(tensor);
      const other = foreign.find((entry) => entry.name === wanted);
      return Promise.reject(other ? foreignWanted(other) : tensorMissing(name, wanted));
    },
  };
}
