import {
  count,
  frame,
  lines,
  NARROW,
  productDeclarations,
  variantOf,
  type ProductOptions,
} from "./productFrame";
import type { ComputeProgram } from "./program";

/** How a product through workgroup memory is cut up: a workgroup makes a square of results, from a strip of each operand. */
export interface SharedTile {
  /** Threads on a side of the workgroup, which is square. */
  readonly threads: number;
  /** Results on a side of a thread's square, a multiple of 4. */
  readonly results: number;
  /** Steps of K that are in workgroup memory at once, a multiple of 4. */
  readonly depth: number;
}

/** 64x64 results a workgroup of 256 threads; each brings one vec4 of both operands. 8.5 KB of the 16 KB WebGPU promises. */
export const SHARED_TILE: SharedTile = { threads: 16, results: 4, depth: 16 };

/** Products that are added up in float16 before they go on in float32. */
const F16_STEPS = 4;

/** The sizes that follow from a tile. A quad is a vec4 along M (of a) or N (of b). */
function sizesOf({ threads, results, depth }: SharedTile) {
  const side = threads * results;
  const quads = side / 4;
  return {
    side,
    quads,
    /** Of an operand's strip, and what as many threads bring of it. */
    stripQuads: quads * depth,
    groupThreads: threads * threads,
    /** Quads between steps of K in memory. One more than needed: threads that write a quad each of one step after
     *  the other, as they do where K is the inner axis, would meet in the same memory banks. */
    stride: quads + 1,
    /** Quads on a side of a thread's square. */
    own: count(results / 4),
  };
}

/** One of the operands: an axis of its own, M or N, and K. */
interface Operand {
  readonly name: "a" | "b";
  /** Where the workgroup's strip begins on its axis, and the axis' size. */
  readonly start: string;
  readonly size: string;
  /** Whether neighbouring numbers in memory are neighbours on K. */
  readonly kInner: boolean;
  /** "/ uniforms.scale" where the numbers are to be brought into float16's range. */
  readonly scaled: string;
}

const stripOf = ({ name }: Operand) => `strip${name.toUpperCase()}`;

/** WGSL of `load_(at, k)`: the number at a place of the operand's own axis, zero past the end of either axis. */
const loadFunction = ({ name, size, kInner }: Operand): string => `
fn load${name.toUpperCase()}(at: u32, k: u32) -> f32 {
  // the last number is read in place of one past the end: loads need not wait for branches
  let safe = min(at, ${size} - 1u); let safeK = min(k, uniforms.k - 1u);
  let value = ${name}[${kInner ? "safe * uniforms.k + safeK" : `safeK * ${size} + safe`}];
  return select(0.0, value, at < ${size} && k < uniforms.k);
}`;

/**
 * WGSL that brings the operand's strip for the steps from `k0` on to workgroup memory. A thread writes whole vec4s:
 * WGSL takes a write to one component for a write to all four, so that threads which share a vec4 would race.
 */
function bringStrip(operand: Operand, tile: SharedTile, number: "f16" | "f32"): string {
  const { quads, stripQuads, groupThreads, stride } = sizesOf(tile);
  // neighbouring threads read neighbouring numbers, whichever axis is the inner one
  const [quad, step] = operand.kInner
    ? [`e / ${tile.depth}u`, `e % ${tile.depth}u`]
    : [`e % ${quads}u`, `e / ${quads}u`];
  const load = (i: number) => `load${operand.name.toUpperCase()}(at + ${i}u, k0 + step)`;
  const one = lines([
    `  let quad = ${quad}; let step = ${step}; let at = ${operand.start} + 4u * quad;`,
    `  ${stripOf(operand)}[step * ${stride}u + quad] = vec4<${number}>(vec4f(${count(4).map(load).join(", ")})${operand.scaled});`,
  ]);
  return stripQuads === groupThreads
    ? `{ let e = lane;\n${one} }`
    : `for (var e = lane; e < ${stripQuads}u; e += ${groupThreads}u) {\n${one} }`;
}

/** WGSL of one step of K: `left` and `right` of this thread, from memory, and what is done with them. */
function step(tile: SharedTile, k: string, onProduct: (r: number, q: number) => string): string {
  const { stride, own } = sizesOf(tile);
  // quads of a thread lie as far apart as there are threads: neighbouring threads read neighbouring quads
  const at = (local: string, q: number) => `(${k}) * ${stride}u + ${local} + ${q * tile.threads}u`;
  return lines([
    ...own.map(
      (q) =>
        `let left${q} = stripA[${at("local.y", q)}]; let right${q} = stripB[${at("local.x", q)}];`,
    ),
    ...count(tile.results).flatMap((r) => own.map((q) => onProduct(r, q))),
  ]);
}

const leftOf = (r: number) => `left${Math.floor(r / 4)}[${r % 4}]`;

/** WGSL of the sums over the steps in memory, in the order of K. */
function sumSteps({ bias, f16 }: ProductOptions, tile: SharedTile): string {
  const { own } = sizesOf(tile);
  const totals = bias === "sum" ? own.map((q) => `total${q} += vec4f(left${q});`) : [];
  if (!f16) {
    return lines([
      `for (var k = 0u; k < ${tile.depth}u; k++) {`,
      step(tile, "k", (r, q) => `acc${r}_${q} += ${leftOf(r)} * right${q};`),
      ...totals,
      "}",
    ]);
  }
  const each = (text: (r: number, q: number) => string) =>
    count(tile.results).flatMap((r) => own.map((q) => text(r, q)));
  return lines([
    `for (var k = 0u; k < ${tile.depth}u; k += ${F16_STEPS}u) {`,
    ...each((r, q) => `var part${r}_${q} = vec4h(0.0h);`),
    `for (var further = 0u; further < ${F16_STEPS}u; further++) {`,
    step(tile, "k + further", (r, q) => `part${r}_${q} += ${leftOf(r)} * right${q};`),
    ...totals,
    "}",
    ...each((r, q) => `acc${r}_${q} += vec4f(part${r}_${q});`),
    "}",
  ]);
}

/** WGSL that stores this thread's results, number by number: any size will do. */
function storeResults({ bias, f16 }: ProductOptions, tile: SharedTile): string {
  const { own } = sizesOf(tile);
  /** Of the i-th of a thread's results on one side, within the workgroup's square. */
  const place = (local: string, i: number) =>
    `4u * (${local} + ${Math.floor(i / 4) * tile.threads}u) + ${i % 4}u`;
  return lines(
    count(tile.results).flatMap((r) => [
      `{ let row = row0 + ${place("local.y", r)};`,
      "if (row < uniforms.m) {",
      ...own.flatMap((q) =>
        count(4).map(
          (lane) =>
            `  { let column = column0 + ${place("local.x", 4 * q + lane)}; if (column < uniforms.n) { store(row, column, acc${r}_${q}[${lane}]); } }`,
        ),
      ),
      bias === "sum"
        ? `  if (group.x == 0u && local.x == 0u) { sums[row] = total${Math.floor(r / 4)}[${r % 4}]${f16 ? " * uniforms.scale" : ""}; }`
        : "",
      "} }",
    ]),
  );
}

/**
 * A square of results a workgroup, operands through workgroup memory: what real GPUs like. Any size; dispatched
 * with a workgroup for each `tile.threads * tile.results` rows and columns.
 */
export function sharedProduct(options: ProductOptions, tile: SharedTile): ComputeProgram {
  const { layout, bias, f16 } = options;
  const { side, stride, own } = sizesOf(tile);
  const { outputs, inputs, uniforms } = frame(options, NARROW);
  const number = f16 ? "f16" : "f32";
  const operands: readonly Operand[] = [
    {
      name: "a",
      start: "row0",
      size: "uniforms.m",
      kInner: layout !== "tn",
      scaled: f16 ? " / uniforms.scale" : "",
    },
    { name: "b", start: "column0", size: "uniforms.n", kInner: layout === "nt", scaled: "" },
  ];
  return {
    name: `product ${layout}`,
    variant: `${variantOf("shared", options)} ${tile.threads} ${tile.results} ${tile.depth}`,
    workgroupSize: [tile.threads, tile.threads, 1],
    outputs,
    inputs,
    uniforms,
    f16,
    get declarations() {
      return lines([
        ...operands.map(
          (operand) =>
            `var<workgroup> ${stripOf(operand)}: array<vec4<${number}>, ${stride * tile.depth}>;`,
        ),
        productDeclarations(options, NARROW),
        ...operands.map(loadFunction),
      ]);
    },
    // a getter: the text is asked for when it is compiled, the program at every dispatch
    get body() {
      return lines([
        `let row0 = group.y * ${side}u; let column0 = group.x * ${side}u;`,
        ...count(tile.results).flatMap((r) => own.map((q) => `var acc${r}_${q} = vec4f(0.0);`)),
        ...(bias === "sum" ? own.map((q) => `var total${q} = vec4f(0.0);`) : []),
        `for (var k0 = 0u; k0 < uniforms.k; k0 += ${tile.depth}u) {`,
        ...operands.map((operand) => bringStrip(operand, tile, number)),
        "workgroupBarrier();",
        sumSteps(options, tile),
        "workgroupBarrier();",
        "}",
        storeResults(options, tile),
      ]);
    },
  };
}
