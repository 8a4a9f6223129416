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
import { groupThreads, sideOf, type SharedTile, type Side } from "./sharedTile";

/** Products that are added up in float16 before they are added to a float32 sum. */
const F16_STEPS = 4;

/** How one kind of call reads its operands and where its results go. */
export interface SharedForm {
  /** Operands and results are read and written four numbers at a time: every inner axis divides by four. */
  readonly wide: boolean;
  /** Each workgroup sums a part of K; `splitSum` adds the parts. */
  readonly split: boolean;
}

/** One of the operands: an axis of its own, M or N, and K. */
interface Operand {
  readonly name: "a" | "b";
  readonly side: Side;
  /** Where the workgroup's strip begins on its axis, and the axis' size. */
  readonly start: string;
  readonly size: string;
  /** Whether neighbouring numbers in memory are neighbours on K. */
  readonly kInner: boolean;
  readonly wide: boolean;
  /** " / uniforms.scale" where the numbers must be brought into float16's range. */
  readonly scaled: string;
}

function operandsOf({ layout, f16 }: ProductOptions, tile: SharedTile, wide: boolean): Operand[] {
  return [
    {
      ...{ name: "a", side: sideOf(tile, 0), start: "row0", size: "uniforms.m", wide },
      kInner: layout !== "tn",
      scaled: f16 ? " / uniforms.scale" : "",
    },
    {
      ...{ name: "b", side: sideOf(tile, 1), start: "column0", size: "uniforms.n", wide },
      kInner: layout === "nt",
      scaled: "",
    },
  ];
}

const upper = ({ name }: Operand) => name.toUpperCase();
const stripOf = (operand: Operand) => `strip${upper(operand)}`;

/**
 * What a thread fetches at once: one quad at one step of K, or, where four steps lie side by side in memory and are
 * read as one vec4, four neighbours at four steps.
 */
const fetchesBlocks = ({ kInner, wide }: Operand) => kInner && wide;
const stepsOfUnit = (operand: Operand) => (fetchesBlocks(operand) ? 4 : 1);

/** Units of an operand's strip, and how many of them a thread fetches. */
function unitsOf(operand: Operand, tile: SharedTile) {
  const units = (operand.side.quads * tile.depth) / stepsOfUnit(operand);
  const rounds = Math.ceil(units / groupThreads(tile));
  return { units, rounds, exact: units === rounds * groupThreads(tile) };
}

/** WGSL of `loadA(at, k)`: what memory holds there, zero past the end of either axis. */
function loadFunction(operand: Operand): string {
  const { name, size, kInner, wide } = operand;
  const lanes = wide ? 4 : 1;
  // wide: four neighbours of the inner axis; the last ones are read in place of those past the end, so that
  // loads need not wait for branches
  const step = kInner ? lanes : 1;
  const own = kInner ? 1 : lanes;
  const index = kInner
    ? `(safe * uniforms.k + safeK) / ${lanes}u`
    : `(safeK * ${size} + safe) / ${lanes}u`;
  const type = wide ? "vec4f" : "f32";
  return `
fn load${upper(operand)}(at: u32, k: u32) -> ${type} {
  let safe = min(at, ${size} - ${own}u); let safeK = min(k, uniforms.k - ${step}u);
  return select(${type}(0.0), ${name}[${index}], at < ${size} && k < uniforms.k);
}`;
}

/** WGSL: the place of the unit number `e` in the strip. Neighbouring threads read neighbouring memory. */
function placeOfUnit(operand: Operand, tile: SharedTile): string {
  const steps = stepsOfUnit(operand);
  const [quad, step] = operand.kInner
    ? [`e / ${tile.depth / steps}u`, `e % ${tile.depth / steps}u`]
    : [`e % ${operand.side.quads}u`, `e / ${operand.side.quads}u`];
  return `let quad = ${quad}; let step = ${steps}u * (${step}); let at = ${operand.start} + 4u * quad;`;
}

/** WGSL around what thread `lane` does with its unit of round `round`; `first` shifts which threads begin. */
function eachUnit(
  operand: Operand,
  tile: SharedTile,
  first: number,
  statements: (round: number) => readonly string[],
): string {
  const { units, rounds, exact } = unitsOf(operand, tile);
  const threads = groupThreads(tile);
  const lane =
    first % threads === 0 ? "lane" : `(lane + ${threads - (first % threads)}u) % ${threads}u`;
  return lines(
    count(rounds).map((round) => {
      const body = lines([placeOfUnit(operand, tile), ...statements(round)]);
      const e = `let e = ${lane}${round > 0 ? ` + ${round * threads}u` : ""};`;
      const whole = exact || round < rounds - 1;
      return whole ? `{ ${e}\n${body} }` : `{ ${e}\nif (e < ${units}u) {\n${body} } }`;
    }),
  );
}

const fetched = (operand: Operand, round: number, i: number) => `${operand.name}${round}_${i}`;
const wordsOfUnit = (operand: Operand) => (fetchesBlocks(operand) ? 4 : 1);

const declareFetched = (operand: Operand, tile: SharedTile): string[] =>
  count(unitsOf(operand, tile).rounds).flatMap((round) =>
    count(wordsOfUnit(operand)).map((i) => `var ${fetched(operand, round, i)} = vec4f(0.0);`),
  );

/** WGSL that fetches the strip for the steps from `k0` on to registers. */
const fetchStrip = (operand: Operand, tile: SharedTile, first: number, k0: string): string =>
  eachUnit(operand, tile, first, (round) => {
    const load = (at: string, k: string) => `load${upper(operand)}(${at}, ${k})`;
    const k = `${k0} + step`;
    if (fetchesBlocks(operand)) {
      return count(4).map((i) => `${fetched(operand, round, i)} = ${load(`at + ${i}u`, k)};`);
    }
    const numbers = count(4).map((i) => load(`at + ${i}u`, k));
    const quad = operand.wide ? load("at", k) : `vec4f(${numbers.join(", ")})`;
    return [`${fetched(operand, round, 0)} = ${quad};`];
  });

/**
 * WGSL that writes what was fetched to workgroup memory. A thread writes whole vec4s: WGSL takes a write to one
 * component for a write to all four, so that threads which share a vec4 would race.
 */
const keepStrip = (
  operand: Operand,
  tile: SharedTile,
  first: number,
  number: "f16" | "f32",
): string =>
  eachUnit(operand, tile, first, (round) => {
    const words = count(wordsOfUnit(operand)).map((i) => fetched(operand, round, i));
    const quadAt = (i: number) =>
      fetchesBlocks(operand)
        ? `vec4f(${words.map((word) => `${word}[${i}]`).join(", ")})`
        : (words[0] ?? "");
    return count(stepsOfUnit(operand)).map(
      (i) =>
        `${stripOf(operand)}[(step + ${i}u) * ${operand.side.stride}u + quad] = vec4<${number}>(${quadAt(i)}${operand.scaled});`,
    );
  });

/** WGSL of one step of K: quads of this thread from workgroup memory, and what is done with them. */
function multiplyStep(
  [a, b]: readonly [Operand, Operand],
  k: string,
  onProduct: (row: number, quad: number) => string,
): string {
  // quads of a thread lie as far apart as there are threads: neighbouring threads read neighbouring quads
  const read = (operand: Operand, local: string, name: string) =>
    operand.side.own.map(
      (q) =>
        `let ${name}${q} = ${stripOf(operand)}[(${k}) * ${operand.side.stride}u + ${local} + ${q * operand.side.threads}u];`,
    );
  return lines([
    ...read(a, "local.y", "left"),
    ...read(b, "local.x", "right"),
    ...rowsOf(a).flatMap((row) => b.side.own.map((quad) => onProduct(row, quad))),
  ]);
}

const rowsOf = ({ side }: Operand) => count(4 * side.own.length);
const leftOf = (row: number) => `left${Math.floor(row / 4)}[${row % 4}]`;

/** WGSL of the sums over the steps in workgroup memory, in the order of K. */
function sumSteps(
  { bias, f16 }: ProductOptions,
  tile: SharedTile,
  operands: readonly [Operand, Operand],
): string {
  const [a, b] = operands;
  const totals = bias === "sum" ? a.side.own.map((q) => `total${q} += vec4f(left${q});`) : [];
  if (!f16) {
    return lines([
      `for (var k = 0u; k < ${tile.depth}u; k++) {`,
      multiplyStep(operands, "k", (row, q) => `acc${row}_${q} += ${leftOf(row)} * right${q};`),
      ...totals,
      "}",
    ]);
  }
  const each = (text: (row: number, q: number) => string) =>
    rowsOf(a).flatMap((row) => b.side.own.map((q) => text(row, q)));
  return lines([
    `for (var k = 0u; k < ${tile.depth}u; k += ${F16_STEPS}u) {`,
    ...each((row, q) => `var part${row}_${q} = vec4h(0.0h);`),
    `for (var further = 0u; further < ${F16_STEPS}u; further++) {`,
    multiplyStep(
      operands,
      "k + further",
      (row, q) => `part${row}_${q} += ${leftOf(row)} * right${q};`,
    ),
    ...totals,
    "}",
    ...each((row, q) => `acc${row}_${q} += vec4f(part${row}_${q});`),
    "}",
  ]);
}

/** WGSL: the first of the i-th quad of this thread along one side, within the workgroup's rectangle. */
const quadPlace = ({ side }: Operand, local: string, i: number) =>
  `4u * (${local} + ${i * side.threads}u)`;

/**
 * WGSL of `storeQuad`: four neighbours of a row at once, or number by number where a row may end within them. A loop,
 * because every copy of what follows a product (an activation) is compiled again.
 */
const storeQuad = (wide: boolean): string =>
  wide
    ? `
fn storeQuad(row: u32, column: u32, quad: vec4f) {
  if (column < uniforms.n) { store(row, column / 4u, quad); }
}`
    : `
fn storeQuad(row: u32, column: u32, quad: vec4f) {
  for (var i = 0u; i < 4u; i++) {
    if (column + i < uniforms.n) { store(row, column + i, quad[i]); }
  }
}`;

/** WGSL that stores this thread's results. The results of parts of K lie one after the other. */
function storeResults(
  { bias, f16 }: ProductOptions,
  [a, b]: readonly [Operand, Operand],
  { split }: SharedForm,
): string {
  const storeSum = (row: number) =>
    bias === "sum"
      ? [
          `if (group.x == 0u && local.x == 0u) { sums[place] = total${Math.floor(row / 4)}[${row % 4}]${f16 ? " * uniforms.scale" : ""}; }`,
        ]
      : [];
  return lines(
    rowsOf(a).flatMap((row) => [
      `{ let row = row0 + ${quadPlace(a, "local.y", Math.floor(row / 4))} + ${row % 4}u;`,
      `if (row < uniforms.m) { let place = row${split ? " + group.z * uniforms.m" : ""};`,
      ...b.side.own.map(
        (q) => `storeQuad(place, column0 + ${quadPlace(b, "local.x", q)}, acc${row}_${q});`,
      ),
      ...storeSum(row),
      "} }",
    ]),
  );
}

/** WGSL of `store` of a part: without bias, activation and chunks. */
const storeOfPart = (wide: boolean): string => `
fn store(row: u32, column: u32, product: ${wide ? "vec4f" : "f32"}) {
  y[row * (uniforms.n / ${wide ? 4 : 1}u) + column] = product * uniforms.scale;
}`;

/**
 * A rectangle of results a workgroup, operands through workgroup memory: what real GPUs like. While one strip is
 * multiplied, the next is on its way to registers. Dispatched with a workgroup for each rectangle and each part of K;
 * `uniforms.part` is a part's length, a multiple of the depth.
 *
 * As a part of a split product it stores plain sums; options that concern what follows (bias, activation) are then
 * those of `splitSum`.
 */
export function sharedProduct(
  options: ProductOptions,
  tile: SharedTile,
  form: SharedForm,
): ComputeProgram {
  const { f16 } = options;
  const { wide, split } = form;
  const bias = split && options.bias === "add" ? "none" : options.bias;
  const own: ProductOptions = split ? { ...options, bias, activation: "none" } : options;
  const reading: Reading = wide
    ? { element: "vec4f", a: "vec4f", b: "vec4f" }
    : { element: "f32", a: "f32", b: "f32" };
  const { outputs, inputs, uniforms } = frame(own, reading);
  const number = f16 ? "f16" : "f32";
  const [a, b] = operandsOf(options, tile, wide) as [Operand, Operand];
  const operands = [a, b] as const;
  // the threads that fetch of b are, where there are enough, others than those that fetch of a
  const firstOf = (operand: Operand) => (operand === b ? unitsOf(a, tile).units : 0);
  const fetch = (k0: string) =>
    operands.map((operand) => fetchStrip(operand, tile, firstOf(operand), k0));
  return {
    name: `product ${options.layout}`,
    variant: [
      variantOf(split ? "shared part" : "shared", own),
      ...[tile.threads.join("x"), tile.results.join("x"), tile.depth, wide ? "wide" : "narrow"],
    ].join(" "),
    workgroupSize: [tile.threads[1], tile.threads[0], 1],
    outputs: { ...outputs, ...(bias === "sum" && { sums: "f32" as const }) },
    inputs,
    uniforms: { ...uniforms, part: "u32" },
    f16,
    get declarations() {
      return lines([
        ...operands.map(
          (operand) =>
            `var<workgroup> ${stripOf(operand)}: array<vec4<${number}>, ${operand.side.stride * tile.depth}>;`,
        ),
        split ? storeOfPart(wide) : productDeclarations(own, reading),
        storeQuad(wide),
        ...operands.map(loadFunction),
      ]);
    },
    // a getter: the text is asked for when it is compiled, the program at every dispatch
    get body() {
      return lines([
        `let row0 = group.y * ${a.side.length}u; let column0 = group.x * ${b.side.length}u;`,
        "let begin = group.z * uniforms.part; let end = min(uniforms.k, begin + uniforms.part);",
        ...rowsOf(a).flatMap((row) => b.side.own.map((q) => `var acc${row}_${q} = vec4f(0.0);`)),
        ...(bias === "sum" ? a.side.own.map((q) => `var total${q} = vec4f(0.0);`) : []),
        ...operands.flatMap((operand) => declareFetched(operand, tile)),
        ...fetch("begin"),
        `for (var k0 = begin; k0 < end; k0 += ${tile.depth}u) {`,
        ...operands.map((operand) => keepStrip(operand, tile, firstOf(operand), number)),
        "workgroupBarrier();",
        `if (k0 + ${tile.depth}u < end) {`,
        ...fetch(`k0 + ${tile.depth}u`),
        "}",
        sumSteps(own, tile, operands),
        "workgroupBarrier();",
        "}",
        storeResults(own, operands, form),
      ]);
    },
  };
}
