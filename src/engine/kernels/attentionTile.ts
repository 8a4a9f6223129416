import type { MatMulTuning } from "./device";
import { FLAT_GROUP, type ComputeProgram } from "./program";

/**
 * How attention is cut up. A workgroup has some rows (queries, or keys) of one head of one image and goes through
 * all rows of the other side, a few at a time. A row's numbers are dealt to `slices` threads, vec4 by vec4.
 */
export interface AttentionTile {
  /** vec4s of a head's row. */
  readonly quads: number;
  /** Threads that share a row. */
  readonly slices: number;
  /** Rows a workgroup has at once, and how many times as many in all: each thread has several. */
  readonly rows: number;
  readonly rowsAThread: number;
  /** Rows of the other side at a time, a multiple of 4. */
  readonly others: number;
  /**
   * How the other side's rows are read: first copied to workgroup memory ("staged"); each thread one of them, which it
   * gives to its subgroup ("broadcast"); or all of them by each thread ("direct").
   */
  readonly reading: "staged" | "broadcast" | "direct";
}

/** Numbers of a vec4. */
const LANES = 4;

/** The widest head whose row is held in registers. */
const WIDEST_HEAD = 128;

/** Whether a head of this width fits a tile; others take the plain programs. */
export const fitsTile = (headWidth: number): boolean =>
  headWidth % LANES === 0 && headWidth <= WIDEST_HEAD;

/** On real GPUs: most threads and rows of a workgroup, most vec4s of a row a thread holds, rows of the other side. */
const SHARED = { threads: 128, rows: 64, quads: 4, others: 8 };

/** On software adapters: rows of a workgroup, rows of the other side, and the vec4s of the widest head with all rows. */
const REGISTER = { rows: 16, others: 4, quads: 8 };

/**
 * On real GPUs the other side comes through workgroup memory (at most 16 KB, what WebGPU promises). On software
 * adapters loads cost most, because they load one lane at a time. There a load serves several rows of a thread and a
 * whole subgroup.
 * @param mostRows rows of a thread on software adapters; fewer where heads are wide, since compiling takes seconds
 */
export function attentionTile(
  kind: MatMulTuning["kind"],
  headWidth: number,
  mostRows: number,
  subgroups: boolean,
): AttentionTile {
  const quads = headWidth / LANES;
  if (kind === "register") {
    const { rows, others } = REGISTER;
    const reading = subgroups ? "broadcast" : "direct";
    const fitting = Math.floor((REGISTER.quads * mostRows) / quads);
    const rowsAThread = Math.max(1, Math.min(mostRows, fitting));
    return { quads, slices: 1, rows, rowsAThread, others, reading };
  }
  let slices = 1;
  while (quads % slices !== 0 || quads / slices > SHARED.quads) slices++;
  let { rows } = SHARED;
  while (rows > 1 && rows * slices > SHARED.threads) rows /= 2;
  return { quads, slices, rows, rowsAThread: 1, others: SHARED.others, reading: "staged" };
}

export const count = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
export const lines = (parts: readonly string[]): string => parts.join("\n");

export const threadsOf = ({ rows, slices }: AttentionTile): number => rows * slices;
export const rowsOfGroup = ({ rows, rowsAThread }: AttentionTile): number => rows * rowsAThread;
/** vec4s of a row that one thread has. */
export const ownQuads = ({ quads, slices }: AttentionTile): readonly number[] =>
  count(quads / slices);
export const rowsOfThread = ({ rowsAThread }: AttentionTile): readonly number[] =>
  count(rowsAThread);
/** Groups of four of the other side's rows. */
export const foursOf = ({ others }: AttentionTile): readonly number[] => count(others / LANES);

/** What scores are multiplied by: 1 / sqrt(head width). */
export const scaleOf = ({ quads }: AttentionTile): number => (LANES * quads) ** -0.5;

export const variantOf = (tile: AttentionTile): string => Object.values(tile).join(" ");

/** log2(e): exponentials are taken to base 2, which adapters have. */
export const LOG2_E = "1.4426950408889634";
export const LN_2 = "0.6931471805599453";

export const ATTENTION_UNIFORMS: ComputeProgram["uniforms"] = {
  blocks: "u32",
  rowBlocks: "u32",
  heads: "u32",
  tokens: "u32",
};

/**
 * WGSL: where a thread is. Threads past the last row compute that row again and store nothing, because all threads of
 * a workgroup must meet at its barriers.
 */
export const placeOf = (tile: AttentionTile): string => `
let block = ${FLAT_GROUP};
if (block >= uniforms.blocks) { return; }
let tokens = uniforms.tokens;
let sequence = block / uniforms.rowBlocks;
let batch = sequence / uniforms.heads;
let head = sequence % uniforms.heads;
let width = uniforms.heads * ${tile.quads}u;
let packed = batch * tokens * 3u * width + head * ${tile.quads}u;
let joined = batch * tokens * width + head * ${tile.quads}u;
let slice = lane % ${tile.slices}u;
let rowLane = lane / ${tile.slices}u;
let firstRow = (block % uniforms.rowBlocks) * ${rowsOfGroup(tile)}u + rowLane;
${lines(
  rowsOfThread(tile).map(
    (r) => `let row${r} = firstRow + ${r * tile.rows}u; let safe${r} = min(row${r}, tokens - 1u);`,
  ),
)}`;

/** WGSL of a vec4 by its lanes. */
export const laneList = (value: (lane: number) => string, type: "vec4f" | "vec4u"): string =>
  `${type}(${count(LANES).map(value).join(", ")})`;

/** WGSL: which of four of the other side's rows there are; the last ones of a block may be past the end. */
export const realRows = (g: number): string =>
  `let real${g} = vec4u(other + ${LANES * g}u) + ${laneList((lane) => `${lane}u`, "vec4u")} < vec4u(tokens);`;

/** WGSL: where a vec4 of this thread is within its row. */
export const quadAt = (tile: AttentionTile, i: number): string => `${i * tile.slices}u + slice`;

/** One of the two vectors that come with each row of the other side. */
export interface Streamed {
  readonly name: string;
  readonly array: string;
  /** Of its first row, and from row to row, in vec4s. */
  readonly start: string;
  readonly stride: string;
}

/** WGSL that makes the rows `other .. other + others - 1` of the other side ready, reads them, and is done with them. */
export function stream(tile: AttentionTile, vectors: readonly Streamed[]) {
  const { quads, others, reading } = tile;
  const clamped = (row: string) => `min(${row}, tokens - 1u)`;
  const staged = reading === "staged";
  const prepare = {
    staged: () => `
for (var e = lane; e < ${others * quads}u; e += ${threadsOf(tile)}u) {
  let row = ${clamped(`other + e / ${quads}u`)};
  ${lines(
    vectors.map(
      ({ name, array, start, stride }) =>
        `${name}Tile[e] = ${array}[${start} + row * ${stride} + e % ${quads}u];`,
    ),
  )}
}
workgroupBarrier();`,
    broadcast: () =>
      lines([
        `let mine = ${clamped(`other + lane % ${others}u`)};`,
        ...vectors.map(({ name, start, stride }) => `let ${name} = ${start} + mine * ${stride};`),
      ]),
    direct: () =>
      lines(
        count(others).flatMap((j) => [
          `let other${j} = ${clamped(`other + ${j}u`)};`,
          ...vectors.map(
            ({ name, start, stride }) => `let ${name}${j} = ${start} + other${j} * ${stride};`,
          ),
        ]),
      ),
  };
  /** WGSL: o0, o1, ...: the i-th of this thread's vec4s of each of the other side's rows. */
  const read = ({ name, array }: Streamed, i: number): string => {
    const at = quadAt(tile, i);
    const each = (value: (j: number) => string) =>
      lines(count(others).map((j) => `let o${j} = ${value(j)};`));
    if (staged) return each((j) => `${name}Tile[${j * quads}u + ${at}]`);
    if (reading === "direct") return each((j) => `${array}[${name}${j} + ${at}]`);
    return `let mineOf = ${array}[${name} + ${at}];\n${each((j) => `subgroupBroadcast(mineOf, ${j}u)`)}`;
  };
  return {
    declarations: staged
      ? lines(
          vectors.map(({ name }) => `var<workgroup> ${name}Tile: array<vec4f, ${others * quads}>;`),
        )
      : "",
    prepare: prepare[reading](),
    read,
    done: staged ? "workgroupBarrier();" : "",
  };
}

/** WGSL: `sums` += the dot products of this thread's rows with each row of the other side, by name and row. */
export const products = (
  tile: AttentionTile,
  rows: string,
  sums: string,
  read: (i: number) => string,
): string =>
  lines([
    ...rowsOfThread(tile).flatMap((r) =>
      foursOf(tile).map((g) => `var ${sums}${r}_${g} = vec4f(0.0);`),
    ),
    ...ownQuads(tile).map((i) =>
      lines([
        "{",
        read(i),
        ...rowsOfThread(tile).flatMap((r) =>
          foursOf(tile).map((g) => {
            const dot = (lane: number) => `dot(${rows}${r}_${i}, o${LANES * g + lane})`;
            return `${sums}${r}_${g} += ${laneList(dot, "vec4f")};`;
          }),
        ),
        "}",
      ]),
    ),
  ]);

/** WGSL: `sums` += `weights` times the rows of the other side. */
export const mixtures = (
  tile: AttentionTile,
  weights: string,
  sums: string,
  read: (i: number) => string,
): string =>
  lines(
    ownQuads(tile).map((i) =>
      lines([
        "{",
        read(i),
        ...rowsOfThread(tile).map((r) => {
          const terms = count(tile.others).map(
            (j) => `${weights}${r}_${Math.floor(j / LANES)}[${j % LANES}] * o${j}`,
          );
          return `${sums}${r}_${i} += ${terms.join(" + ")};`;
        }),
        "}",
      ]),
    ),
  );

/** WGSL: workgroup memory for `exchange` of at most this many vec4s a thread. */
export const exchangeMemory = (tile: AttentionTile, vectors: number): string =>
  tile.slices === 1 ? "" : `var<workgroup> parts: array<vec4f, ${vectors * threadsOf(tile)}>;`;

/** WGSL: adds up over the threads of a row, in their order. The memory can be used again after the next barrier. */
export const exchange = (tile: AttentionTile, names: readonly string[]): string =>
  tile.slices === 1
    ? ""
    : lines([
        ...names.map((name, n) => `parts[${n * threadsOf(tile)}u + lane] = ${name};`),
        "workgroupBarrier();",
        ...names.map((name, n) => {
          const of = (s: number) =>
            `parts[${n * threadsOf(tile) + s}u + rowLane * ${tile.slices}u]`;
          return `${name} = ${count(tile.slices).map(of).join(" + ")};`;
        }),
      ]);
