import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { once } from "./arrays";
import { compareStored, readFloats, readNchw, type Fixture } from "./sitFixture";
import type { ParityCase } from "./types";

/** Reads tensors back under their names and disposes them; NHWC latents come in the reference's layout. */
async function readAll(
  tensors: Readonly<Record<string, Tensor>>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const isLatents = tensor.rank === 4;
    values.set(name, isLatents ? await readNchw(tensor as Tensor4D) : await readFloats(tensor));
    tensor.dispose();
  }
  return values;
}

/** One case for each stored name, all from outputs computed once (inside a tidy) when first asked. */
export function storedCases(
  fixture: Fixture,
  names: readonly string[],
  compute: () => Record<string, Tensor>,
): ParityCase[] {
  const outputs = once(async () => readAll(tf.tidy(compute)));
  return names.map((name) => ({
    name,
    covers: [name],
    run: async () => {
      const got = (await outputs()).get(name);
      if (!got) throw new Error(`this project computes nothing called "${name}"`);
      return compareStored(fixture, name, got);
    },
  }));
}
