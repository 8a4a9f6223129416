import { frame, NARROW, productDeclarations, variantOf, type ProductOptions } from "./productFrame";
import type { ComputeProgram } from "./program";

/** One result a thread, any size: for shapes that do not divide by four. */
export function plainProduct(options: ProductOptions): ComputeProgram {
  const { layout, bias } = options;
  const a = layout === "tn" ? "a[i * uniforms.m + row]" : "a[row * uniforms.k + i]";
  const b = layout === "nt" ? "b[column * uniforms.k + i]" : "b[i * uniforms.n + column]";
  const { outputs, inputs, uniforms } = frame(options, NARROW);
  return {
    name: `product ${layout}`,
    variant: variantOf("plain", options),
    workgroupSize: [8, 8, 1],
    outputs,
    inputs,
    uniforms,
    f16: options.f16,
    get declarations() {
      return productDeclarations(options, NARROW);
    },
    body: `
let row = global.y; let column = global.x;
if (row >= uniforms.m || column >= uniforms.n) { return; }
var sum = 0.0;
${bias === "sum" ? "var total = 0.0;" : ""}
for (var i = 0u; i < uniforms.k; i++) {
  let left = ${a}${options.f16 ? " / uniforms.scale" : ""};
  sum += ${options.f16 ? `f32(f16(left) * f16(${b}))` : `left * ${b}`};
  ${bias === "sum" ? "total += left;" : ""}
}
${bias === "sum" ? `if (column == 0u) { sums[row] = total${options.f16 ? " * uniforms.scale" : ""}; }` : ""}
store(row, column, sum);`,
  };
}
