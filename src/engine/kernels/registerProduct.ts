import {
  count,
  frame,
  lines,
  productDeclarations,
  variantOf,
  type ProductOptions,
  type Reading,
} from "./productFrame";
import type { ComputeProgram } from "./program";

/** Rows and columns of a thread's tile, and whether rows of both operands are multiplied four numbers at a time. */
export type RegisterTile = readonly [rows: number, columns: number, dots: boolean];

/** WGSL of the three conversions around products in float16; nothing in float32. */
const conversions = (f16: boolean) => ({
  half: (value: string) => (f16 ? `vec4h(${value})` : value),
  wide: (value: string) => (f16 ? `vec4f(${value})` : value),
  // a power of two: brings small gradients into float16's range, and is taken back when storing
  scaled: (value: string) => (f16 ? `(${value} / uniforms.scale)` : value),
});

/** WGSL of the loop over K where both operands have it as their outer axis: four rows and four columns a load. */
function outerLoop({ bias, f16 }: ProductOptions, [rows, columns]: RegisterTile): string {
  const { half, wide, scaled } = conversions(f16);
  return lines([
    "for (var i = 0u; i < uniforms.k; i++) {",
    ...count(rows / 4).map((r) => `let a${r} = ${half(scaled(`a[i * m4 + rowQuad${r}]`))};`),
    ...count(columns / 4).flatMap((c) => [
      `let b${c} = ${half(`b[i * n4 + columnQuad${c}]`)};`,
      ...count(rows).map(
        (r) => `acc${r}_${c} += ${wide(`a${Math.floor(r / 4)}[${r % 4}] * b${c}`)};`,
      ),
    ]),
    ...(bias === "sum" ? count(rows / 4).map((r) => `total${r} += vec4f(a${r});`) : []),
    "}",
  ]);
}

/** WGSL of the loop over K where it is the inner axis of both operands: four steps of K a load. */
function dotLoop({ f16 }: ProductOptions, [rows, columns]: RegisterTile): string {
  const { half, scaled } = conversions(f16);
  const dot = (r: number, c: number) => (f16 ? `f32(dot(a${r}, b${c}))` : `dot(a${r}, b${c})`);
  return lines([
    "for (var i = 0u; i < k4; i++) {",
    ...count(rows).map((r) => `let a${r} = ${half(scaled(`a[row${r} * k4 + i]`))};`),
    ...count(columns).map((c) => `let b${c} = ${half(`b[column${c} * k4 + i]`)};`),
    ...count(rows).flatMap((r) =>
      count(columns / 4).map((c) => {
        const terms = count(4).map((lane) => dot(r, 4 * c + lane));
        return `acc${r}_${c} += vec4f(${terms.join(", ")});`;
      }),
    ),
    "}",
  ]);
}

/** WGSL of the loop over K one step at a time, which is quicker on some adapters. */
function stepLoop({ layout, f16 }: ProductOptions, [rows, columns]: RegisterTile): string {
  const { half, wide, scaled } = conversions(f16);
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
    ...count(columns / 4).flatMap((c) => [
      `let b${c} = ${half(bAt(c))};`,
      ...count(rows).map((r) => `acc${r}_${c} += ${wide(`a${r} * b${c}`)};`),
    ]),
    "}",
  ]);
}

function tileLoop(options: ProductOptions, tile: RegisterTile): string {
  const [, , dots] = tile;
  if (options.layout === "tn") return outerLoop(options, tile);
  return options.layout === "nt" && dots ? dotLoop(options, tile) : stepLoop(options, tile);
}

/** WGSL: the rows and columns of the tile, those past the end moved to the last one, and sums that start at zero. */
function openTile({ layout, bias }: ProductOptions, [rows, columns]: RegisterTile): string[] {
  const quads = columns / 4;
  return [
    `let row = global.y * ${rows}u; let column = global.x * ${columns}u;`,
    "if (row >= uniforms.m || column >= uniforms.n) { return; }",
    "let k4 = uniforms.k / 4u; let n4 = uniforms.n / 4u; let m4 = uniforms.m / 4u;",
    ...(layout === "tn"
      ? count(rows / 4).map((r) => `let rowQuad${r} = min(row / 4u + ${r}u, m4 - 1u);`)
      : count(rows).map((r) => `let row${r} = min(row + ${r}u, uniforms.m - 1u);`)),
    ...(layout === "nt"
      ? count(columns).map((c) => `let column${c} = min(column + ${c}u, uniforms.n - 1u);`)
      : count(quads).map((c) => `let columnQuad${c} = min(column / 4u + ${c}u, n4 - 1u);`)),
    ...count(rows).flatMap((r) => count(quads).map((c) => `var acc${r}_${c} = vec4f(0.0);`)),
    ...(bias === "sum" ? count(rows / 4).map((r) => `var total${r} = vec4f(0.0);`) : []),
  ];
}

/** WGSL that stores the tile's results, four at a time, and the sums of a. */
function storeTile({ bias, f16 }: ProductOptions, [rows, columns]: RegisterTile): string[] {
  const storeSums = (r: number) =>
    `if (row / 4u + ${r}u < m4) { sums[row / 4u + ${r}u] = total${r}${f16 ? " * uniforms.scale" : ""}; }`;
  return [
    ...(bias === "sum" ? ["if (column == 0u) {", ...count(rows / 4).map(storeSums), "}"] : []),
    ...count(rows).map((r) =>
      lines([
        `if (row + ${r}u < uniforms.m) {`,
        ...count(columns / 4).map(
          (c) =>
            `if (column / 4u + ${c}u < n4) { store(row + ${r}u, column / 4u + ${c}u, acc${r}_${c}); }`,
        ),
        "}",
      ]),
    ),
  ];
}

/**
 * A tile of results a thread, in registers: no workgroup memory, no barriers. The quickest on software adapters;
 * every size that is read four at a time must divide by four.
 */
export function registerProduct(options: ProductOptions, tile: RegisterTile): ComputeProgram {
  const { layout } = options;
  const [, , dots] = tile;
  const byFour = layout === "tn" || (layout === "nt" && dots);
  const reading: Reading = {
    element: "vec4f",
    a: byFour ? "vec4f" : "f32",
    b: byFour || layout === "nn" ? "vec4f" : "f32",
  };
  const { outputs, inputs, uniforms } = frame(options, reading);
  return {
    name: `product ${layout}`,
    variant: `${variantOf("register", options)} ${tile.join(" ")}`,
    workgroupSize: [8, 4, 1],
    outputs,
    inputs,
    uniforms,
    f16: options.f16,
    get declarations() {
      return productDeclarations(options, reading);
    },
    // a getter: the text is asked for when it is compiled, the program at every dispatch
    get body() {
      return lines([
        ...openTile(options, tile),
        tileLoop(options, tile),
        ...storeTile(options, tile),
      ]);
    },
  };
}
