import { inceptionShapes } from "../src/engine/models/inceptionV3";

/**
 * Values under which activations keep their size from layer to layer (variance 2 over the inputs), with
 * normalisations that do something. The same at every call; 24 million, so drawn by the cheapest generator.
 */
export function inceptionValues(): Map<string, Float32Array> {
  let state = 1;
  const uniform = (count: number, low: number, high: number) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[i] = low + ((high - low) * state) / 2 ** 32;
    }
    return values;
  };
  const values = new Map<string, Float32Array>();
  for (const [name, shape] of inceptionShapes()) {
    const count = shape.reduce((product, side) => product * side, 1);
    const reach = Math.sqrt((6 * (shape[0] ?? 1)) / count);
    if (name.endsWith(".running_var")) values.set(name, uniform(count, 0.5, 1.5));
    else if (name.endsWith(".bn.weight")) values.set(name, uniform(count, 0.9, 1.1));
    else if (shape.length === 1) values.set(name, uniform(count, -0.1, 0.1));
    else values.set(name, uniform(count, -reach, reach));
  }
  return values;
}
