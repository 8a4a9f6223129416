import { ACTIVATION_WGSL, type Activation } from "./activation";

/**
 * Which axes of the operands are summed over: the result is always [M, N].
 * "nt": a [M, K], b [N, K]. "nn": a [M, K], b [K, N]. "tn": a [K, M], b [K, N].
 */
export type ProductLayout = "nt" | "nn" | "tn";

export interface ProductOptions {
  readonly layout: ProductLayout;
  /** "add": plus a vector [N]. "sum": the sums of a over K, [M], come as a second result (only "tn"). */
  readonly bias: "none" | "add" | "sum";
  /** "forward": results are activate(y) and y. "backward": y times slope(pre), with pre [M, N]. */
  readonly activation: Activation;
  readonly activationSide: "forward" | "backward";
  /** Multiply in float16, add four products, then go on in float32. */
  readonly f16: boolean;
}

export const count = (n: number) => Array.from({ length: n }, (_, i) => i);
export const lines = (parts: readonly string[]) => parts.join("\n");

/** Element types of the operands; `element` is that of results and of what is added to them. */
export interface Reading {
  readonly element: "f32" | "vec4f";
  readonly a: "f32" | "vec4f";
  readonly b: "f32" | "vec4f";
}

/** One number at a time. */
export const NARROW: Reading = { element: "f32", a: "f32", b: "f32" };

/** What every kind of product shares: bindings, uniforms and how a result is stored. */
export function frame(options: ProductOptions, { element, a, b }: Reading) {
  const { bias, activation, activationSide } = options;
  const forward = activation !== "none" && activationSide === "forward";
  const backward = activation !== "none" && activationSide === "backward";
  return {
    forward,
    backward,
    outputs: {
      y: element,
      ...(forward && { pre: element }),
      ...(bias === "sum" && { sums: element }),
    },
    inputs: {
      a,
      b,
      ...(bias === "add" && { bias: element }),
      ...(backward && { pre: element }),
    },
    uniforms: { m: "u32", n: "u32", k: "u32", chunk: "u32", stride: "u32", scale: "f32" },
  } as const;
}

/** WGSL of `store(row, column, value)` on the whole of one element. */
function storeFunction(options: ProductOptions, reading: Reading): string {
  const { element } = reading;
  const { forward, backward } = frame(options, reading);
  const wide = element === "vec4f";
  const lanes = wide ? 4 : 1;
  // activations are written for four numbers at a time
  const on = (name: string, value: string) =>
    wide ? `${name}(${value})` : `${name}(vec4f(${value})).x`;
  return `
fn store(row: u32, column: u32, product: ${element}) {
  let width = uniforms.chunk / ${lanes}u;
  let chunk = column / width;
  let at = chunk * (uniforms.stride / ${lanes}u) + row * width + (column - chunk * width);
  var value = product * uniforms.scale;
  ${options.bias === "add" ? "value += bias[column];" : ""}
  ${forward ? `pre[at] = value; value = ${on("activate", "value")};` : ""}
  ${backward ? `value *= ${on("slope", "pre[at]")};` : ""}
  y[at] = value;
}`;
}

/** WGSL of a product before `main`: its activation and `store`. */
export const productDeclarations = (options: ProductOptions, reading: Reading): string =>
  ACTIVATION_WGSL[options.activation] + storeFunction(options, reading);

/** The variant of a product's program; kinds with tiles append their tile. */
export const variantOf = (
  kind: string,
  { layout, bias, activation, activationSide, f16 }: ProductOptions,
) => [kind, layout, bias, activation, activationSide, f16 ? "f16" : "f32"].join(" ");
