import {
  frame,
  productDeclarations,
  variantOf,
  type ProductOptions,
  type Reading,
} from "./productFrame";
import type { ComputeProgram } from "./program";

/** Threads of a workgroup along N and along M. */
const THREADS = [16, 4] as const;

/**
 * Adds the parts of a product that was split over K, in their order, so that the bits do not depend on which part was
 * ready first; then does what follows a product (bias, activation, chunks).
 * @param wide results are read and written four numbers at a time
 */
export function splitSum(options: ProductOptions, wide: boolean): ComputeProgram {
  const element = wide ? "vec4f" : "f32";
  const reading: Reading = { element, a: element, b: element };
  const { outputs, inputs, uniforms } = frame(options, reading);
  const sums = options.bias === "sum";
  const after = Object.fromEntries(
    Object.entries(inputs).filter(([name]) => name !== "a" && name !== "b"),
  );
  return {
    name: `product ${options.layout} sum`,
    variant: `${variantOf("split", options)} ${wide ? "wide" : "narrow"}`,
    workgroupSize: [...THREADS, 1],
    outputs: { ...outputs, ...(sums && { sums: "f32" as const }) },
    inputs: { parts: reading.a, ...(sums && { sumParts: "f32" as const }), ...after },
    uniforms: { ...uniforms, partCount: "u32" },
    get declarations() {
      return productDeclarations(options, reading);
    },
    body: `
let width = uniforms.n / ${wide ? 4 : 1}u;
if (global.x >= width || global.y >= uniforms.m) { return; }
var total = ${element}(0.0);
for (var part = 0u; part < uniforms.partCount; part++) {
  total += parts[(part * uniforms.m + global.y) * width + global.x];
}
store(global.y, global.x, total);
${
  sums
    ? `if (global.x == 0u) {
  var sum = 0.0;
  for (var part = 0u; part < uniforms.partCount; part++) { sum += sumParts[part * uniforms.m + global.y]; }
  sums[global.y] = sum;
}`
    : ""
}`,
  };
}
