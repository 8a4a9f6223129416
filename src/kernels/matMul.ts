import type { TensorInfo } from "@tensorflow/tfjs-core";
import { ACTIVATION_WGSL, type Activation } from "./activation";
import type { StudioDevice } from "./device";
import type { ComputeProgram } from "./program";

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

export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Columns of a chunk of the result; n when it is not cut. */
  readonly chunk: number;
  /** Elements from one chunk's [M, chunk] to the next. */
  readonly stride: number;
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i);
const lines = (parts: readonly string[]) => parts.join("\n");

/** How the operands are read; results and what is added to them are read and written by `element`. */
interface Reading {
  readonly element: "f32" | "vec4f";
  readonly a: "f32" | "vec4f";
  readonly b: "f32" | "vec4f";
}

const NARROW: Reading = { element: "f32", a: "f32", b: "f32" };

/** What every kind of product shares: bindings, uniforms and how a result is stored. */
function frame(options: ProductOptions, { element, a, b }: Reading) {
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

const variantOf = (
  kind: string,
  { layout, bias, activation, activationSide, f16 }: ProductOptions,
) => [kind, layout, bias, activation, activationSide, f16 ? "f16" : "f32"].join(" ");

/** One result a thread, any size: for shapes that do not divide by four. */
function plainProduct(options: ProductOptions): ComputeProgram {
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
      return ACTIVATION_WGSL[options.activation] + storeFunction(options, NARROW);
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

/** The inner loop of a register tile: loads, products, sums, one step of K at a time where that is quicker. */
function tileLoop(
  { layout, bias, f16 }: ProductOptions,
  [rows, columns, dots]: RegisterTile,
): string {
  const quads = columns / 4;
  const half = (value: string) => (f16 ? `vec4h(${value})` : value);
  // a power of two: brings small gradients into float16's range, and is taken back when storing
  const scaled = (value: string) => (f16 ? `(${value} / uniforms.scale)` : value);
  const wide = (value: string) => (f16 ? `vec4f(${value})` : value);
  if (layout === "tn") {
    return lines([
      "for (var i = 0u; i < uniforms.k; i++) {",
      ...count(rows / 4).map((r) => `let a${r} = ${half(scaled(`a[i * m4 + rowQuad${r}]`))};`),
      ...count(quads).flatMap((c) => [
        `let b${c} = ${half(`b[i * n4 + columnQuad${c}]`)};`,
        ...count(rows).map(
          (r) => `acc${r}_${c} += ${wide(`a${Math.floor(r / 4)}[${r % 4}] * b${c}`)};`,
        ),
      ]),
      ...(bias === "sum" ? count(rows / 4).map((r) => `total${r} += vec4f(a${r});`) : []),
      "}",
    ]);
  }
  if (layout === "nt" && dots) {
    const dot = (r: number, c: number) => (f16 ? `f32(dot(a${r}, b${c}))` : `dot(a${r}, b${c})`);
    return lines([
      "for (var i = 0u; i < k4; i++) {",
      ...count(rows).map((r) => `let a${r} = ${half(scaled(`a[row${r} * k4 + i]`))};`),
      ...count(columns).map((c) => `let b${c} = ${half(`b[column${c} * k4 + i]`)};`),
      ...count(rows).flatMap((r) =>
        count(quads).map((c) => {
          const terms = count(4).map((lane) => dot(r, 4 * c + lane));
          return `acc${r}_${c} += vec4f(${terms.join(", ")});`;
        }),
      ),
      "}",
    ]);
  }
  const bAt = (c: number) =>
    layout === "nn"
      ? `b[i * n4 + columnQuad${c}]`
      : `vec4f(${count(4)
          .map((lane) => `b[column${4 * c + lane} * uniforms.k + i]`)
          .join(", ")})`;
  const one = (value: string) => (f16 ? `f16(${value})` : value);
  return lines([
    "for (var i = 0u; i < uniforms.k; i++) {",
    ...count(rows).map((r) => `let a${r} = ${one(scaled(`a[row${r} * uniforms.k + i]`))};`),
    ...count(quads).flatMap((c) => [
      `let b${c} = ${half(bAt(c))};`,
      ...count(rows).map((r) => `acc${r}_${c} += ${wide(`a${r} * b${c}`)};`),
    ]),
    "}",
  ]);
}

/** Rows and columns of a thread's tile, and whether rows of both operands are multiplied four numbers at a time. */
type RegisterTile = readonly [rows: number, columns: number, dots: boolean];

/**
 * A tile of results a thread, in registers: no workgroup memory, no barriers. What software adapters like;
 * every size that is read four at a time must divide by four.
 */
function registerProduct(options: ProductOptions, tile: RegisterTile): ComputeProgram {
  const { layout, bias } = options;
  const [rows, columns, dots] = tile;
  const quads = columns / 4;
  const byFour = layout === "tn" || (layout === "nt" && dots);
  const reading: Reading = {
    element: "vec4f",
    a: byFour ? "vec4f" : "f32",
    b: byFour || layout === "nn" ? "vec4f" : "f32",
  };
  const { outputs, inputs, uniforms } = frame(options, reading);
  const clampRow = (r: number) => `min(row + ${r}u, uniforms.m - 1u)`;
  const sums = bias === "sum";
  return {
    name: `product ${layout}`,
    variant: `${variantOf("register", options)} ${tile.join(" ")}`,
    workgroupSize: [8, 4, 1],
    outputs,
    inputs,
    uniforms,
    f16: options.f16,
    get declarations() {
      return ACTIVATION_WGSL[options.activation] + storeFunction(options, reading);
    },
    // a getter: the text is asked for when it is compiled, the program at every dispatch
    get body() {
      return lines([
        `let row = global.y * ${rows}u; let column = global.x * ${columns}u;`,
        "if (row >= uniforms.m || column >= uniforms.n) { return; }",
        "let k4 = uniforms.k / 4u; let n4 = uniforms.n / 4u; let m4 = uniforms.m / 4u;",
        ...(layout === "tn"
          ? count(rows / 4).map((r) => `let rowQuad${r} = min(row / 4u + ${r}u, m4 - 1u);`)
          : count(rows).map((r) => `let row${r} = ${clampRow(r)};`)),
        ...(layout === "nt"
          ? count(columns).map((c) => `let column${c} = min(column + ${c}u, uniforms.n - 1u);`)
          : count(quads).map((c) => `let columnQuad${c} = min(column / 4u + ${c}u, n4 - 1u);`)),
        ...count(rows).flatMap((r) => count(quads).map((c) => `var acc${r}_${c} = vec4f(0.0);`)),
        ...(sums ? count(rows / 4).map((r) => `var total${r} = vec4f(0.0);`) : []),
        tileLoop(options, tile),
        ...(sums ? ["if (column == 0u) {", ...count(rows / 4).map(storeSums(options)), "}"] : []),
        ...count(rows).map((r) =>
          lines([
            `if (row + ${r}u < uniforms.m) {`,
            ...count(quads).map(
              (c) =>
                `if (column / 4u + ${c}u < n4) { store(row + ${r}u, column / 4u + ${c}u, acc${r}_${c}); }`,
            ),
            "}",
          ]),
        ),
      ]);
    },
  };
}

const storeSums =
  ({ f16 }: ProductOptions) =>
  (r: number): string =>
    `if (row / 4u + ${r}u < m4) { sums[row / 4u + ${r}u] = total${r}${f16 ? " * uniforms.scale" : ""}; }`;

/** Side of the tile of results that a workgroup makes together, and how much of K it loads at once. */
const SHARED_SIDE = 64;
const SHARED_DEPTH = 16;

/** A tile of 64x64 results a workgroup, operands through workgroup memory: what real GPUs like. Any size. */
function sharedProduct(options: ProductOptions): ComputeProgram {
  const { layout, bias, f16 } = options;
  const { outputs, inputs, uniforms } = frame(options, NARROW);
  const number = f16 ? "f16" : "f32";
  const aAt = layout === "tn" ? "k * uniforms.m + r" : "r * uniforms.k + k";
  const bAt = layout === "nt" ? "c * uniforms.k + k" : "k * uniforms.n + c";
  // neighbouring threads read neighbouring numbers, whichever axis is the inner one
  const [aRow, aK] = layout === "tn" ? ["e % 64u", "e / 64u"] : ["e / 16u", "e % 16u"];
  const [bColumn, bK] = layout === "nt" ? ["e / 16u", "e % 16u"] : ["e % 64u", "e / 64u"];
  const sums = bias === "sum";
  return {
    name: `product ${layout}`,
    variant: variantOf("shared", options),
    workgroupSize: [16, 16, 1],
    outputs,
    inputs,
    uniforms,
    f16,
    declarations: `
var<workgroup> tileA: array<array<vec4<${number}>, ${SHARED_SIDE / 4}>, ${SHARED_DEPTH}>;
var<workgroup> tileB: array<array<vec4<${number}>, ${SHARED_SIDE / 4}>, ${SHARED_DEPTH}>;
${ACTIVATION_WGSL[options.activation]}${storeFunction(options, NARROW)}`,
    body: lines([
      "let row0 = group.y * 64u; let column0 = group.x * 64u;",
      ...count(4).map((r) => `var acc${r} = vec4f(0.0);`),
      sums ? "var total = vec4f(0.0);" : "",
      "for (var k0 = 0u; k0 < uniforms.k; k0 += 16u) {",
      "  for (var i = 0u; i < 4u; i++) {",
      "    let e = lane + 256u * i;",
      `    { let m = ${aRow}; let kk = ${aK}; let r = row0 + m; let k = k0 + kk; var value = 0.0;`,
      `      if (r < uniforms.m && k < uniforms.k) { value = a[${aAt}]${f16 ? " / uniforms.scale" : ""}; }`,
      `      tileA[kk][m / 4u][m % 4u] = ${number}(value); }`,
      `    { let n = ${bColumn}; let kk = ${bK}; let c = column0 + n; let k = k0 + kk; var value = 0.0;`,
      `      if (c < uniforms.n && k < uniforms.k) { value = b[${bAt}]; }`,
      `      tileB[kk][n / 4u][n % 4u] = ${number}(value); }`,
      "  }",
      "  workgroupBarrier();",
      f16
        ? lines([
            "  for (var k = 0u; k < 16u; k += 4u) {",
            ...count(4).map((r) => `    var part${r} = vec4h(0.0h);`),
            "    for (var step = 0u; step < 4u; step++) {",
            "      let left = tileA[k + step][local.y]; let right = tileB[k + step][local.x];",
            ...count(4).map((r) => `      part${r} += left[${r}] * right;`),
            sums ? "      total += vec4f(left);" : "",
            "    }",
            ...count(4).map((r) => `    acc${r} += vec4f(part${r});`),
            "  }",
          ])
        : lines([
            "  for (var k = 0u; k < 16u; k++) {",
            "    let left = tileA[k][local.y]; let right = tileB[k][local.x];",
            ...count(4).map((r) => `    acc${r} += left[${r}] * right;`),
            sums ? "    total += left;" : "",
            "  }",
          ]),
      "  workgroupBarrier();",
      "}",
      "let row = row0 + 4u * local.y; let column = column0 + 4u * local.x;",
      ...count(4).flatMap((r) => [
        `if (row + ${r}u < uniforms.m) {`,
        ...count(4).map(
          (c) =>
            `  if (column + ${c}u < uniforms.n) { store(row + ${r}u, column + ${c}u, acc${r}[${c}]); }`,
        ),
        sums
          ? `  if (column == 0u) { sums[row + ${r}u] = total[${r}]${f16 ? " * uniforms.scale" : ""}; }`
          : "",
        "}",
      ]),
    ]),
  };
}

const readByFour = (layout: ProductLayout, { m, n, k, chunk }: ProductSizes) => {
  const read = layout === "tn" ? [m, n] : [n, k];
  return [...read, chunk].every((size) => size % 4 === 0);
};

/**
 * One matrix product on the device, with what comes before and after it fused.
 * @param operands a, b, then the bias vector and the pre-activation where the options ask for them
 * @param outputs [y], then the pre-activation ("forward") and the sums where the options ask for them
 * @param scale a power of two that divides a before it becomes float16 and multiplies the result
 */
export function product(
  device: StudioDevice,
  options: Omit<ProductOptions, "f16">,
  sizes: ProductSizes,
  operands: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
  scale = 1,
): void {
  const full: ProductOptions = {
    ...options,
    f16: device.mixedPrecision && device.features.has("shader-f16"),
  };
  const { m, n, k, chunk, stride } = sizes;
  const { kind, tile, dots = true } = device.tuning;
  const [program, rows, columns] =
    kind === "shared"
      ? [sharedProduct(full), SHARED_SIDE / 16, SHARED_SIDE / 16]
      : readByFour(options.layout, sizes)
        ? [registerProduct(full, [...tile, dots]), ...tile]
        : [plainProduct(full), 1, 1];
  const [x, y] = program.workgroupSize;
  device.dispatch(program, {
    outputs,
    inputs: operands,
    uniforms: [m, n, k, chunk, stride, full.f16 ? scale : 1],
    workgroups: [Math.ceil(n / (columns * x)), Math.ceil(m / (rows * y)), 1],
  });
}
