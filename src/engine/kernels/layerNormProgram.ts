import type { RowProgram } from "./rowPrograms";

/**
 * WGSL: `mean` and `rstd` of a row of x. Two passes over the row: the sum of squares minus the squared mean would
 * cancel. The program has the uniform `eps`.
 */
export const moments = (each: (statements: string) => string): string => `
var sum = Number();
${each("sum += x[at + i];")}
let mean = totalOf(vec2f(horizontal(sum), 0.0), lane).x / columns;
var squares = Number();
${each("let centred = x[at + i] - mean; squares += centred * centred;")}
let variance = totalOf(vec2f(horizontal(squares), 0.0), lane).x / columns;
let rstd = 1.0 / sqrt(variance + uniforms.eps);`;

/**
 * y = (x - mean) rstd gain + offset on each row.
 * @param gain WGSL of the factor of column i; may use `ofBatch`
 * @param stats whether mean and 1/std come as a second result
 */
export const layerNormProgram = (options: {
  readonly variant: string;
  readonly vectors: readonly [string, string];
  readonly gain: string;
  readonly offset: string;
  readonly stats: boolean;
}): RowProgram => ({
  name: "layerNorm",
  variant: options.variant,
  wide: new Set(["y", "x", ...options.vectors]),
  outputs: options.stats ? ["y", "stats"] : ["y"],
  inputs: ["x", ...options.vectors],
  uniforms: { eps: "f32" },
  body: (each) => `${moments(each)}
${each(`y[at + i] = (x[at + i] - mean) * rstd * ${options.gain} + ${options.offset};`)}
${options.stats ? "if (first) { stats[2u * row] = mean; stats[2u * row + 1u] = rstd; }" : ""}`,
});
