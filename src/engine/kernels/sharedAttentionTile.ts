import { count, LANES, lines, type RowVector } from "./attentionFrame";

/**
 * How attention through workgroup memory is cut up. A workgroup has a block of rows (queries, or keys) of one head of
 * one image and goes through all rows of the other side, as many at a time as it has. For each pair of blocks its
 * scores are a small matrix product, of which every thread makes a square. Rows reach it in strips of a few vec4s, so
 * that the memory does not grow with the head width.
 */
export interface SharedAttentionTile {
  /** vec4s of a head's row. */
  readonly quads: number;
  /** Threads on a side of the workgroup, which is square. */
  readonly threads: number;
  /** vec4s of a row that are in memory at once while scores are computed. */
  readonly depth: number;
  /** The same while rows of the other side are added up with weights: at most two of each thread. */
  readonly breadth: number;
}

/** Scores on a side of a thread's square: those of a row are a vec4, so that no two threads write to one vec4. */
const OWN = LANES;

/**
 * 8 x 8 threads with 4 x 4 scores each: 32 rows of either side. 16 x 16 threads would bring the other side half as often,
 * but 64 tokens of 4 heads and 16 images would be 64 workgroups, and a large card has some 130 cores. Larger squares a
 * thread would need more workgroup memory than WebGPU promises, because a block's weights pass through it.
 */
const THREADS = 8;
/** vec4s of a strip, at most. Between two barriers a thread brings 4 of each side and makes 8 times 4 x 4 products of them. */
const DEPTH = 8;

/**
 * The tile of a head width. Strips are equally deep, so that few places past the end of a row are computed.
 * @param headWidth a multiple of 4
 */
export function sharedAttentionTile(headWidth: number): SharedAttentionTile {
  const quads = headWidth / LANES;
  const depth = Math.ceil(quads / Math.ceil(quads / DEPTH));
  return { quads, threads: THREADS, depth, breadth: Math.min(quads, 2 * THREADS) };
}

/** Rows of a workgroup, and of the other side at a time. */
export const rowsOfBlock = ({ threads }: SharedAttentionTile): number => threads * OWN;
export const threadsOfBlock = ({ threads }: SharedAttentionTile): number => threads ** 2;

export const variantOfShared = (tile: SharedAttentionTile): string =>
  `shared ${Object.values(tile).join(" ")}`;

/** Whether a strip is the whole row, so that it can stay in memory. */
export const isWhole = ({ quads, depth }: SharedAttentionTile): boolean => quads === depth;

/**
 * vec4s between rows in memory: an odd number. Eight threads that read the same vec4 of eight neighbouring rows then
 * read from all 32 banks of 4 bytes once, with an even number several would wait for one bank.
 */
const strideOf = (quads: number) => quads + 1 - (quads % 2);

/** vec4s of the three parts of workgroup memory: 15 KB in all at most, where WebGPU promises 16. */
export function memoryOf(tile: SharedAttentionTile) {
  const rows = rowsOfBlock(tile);
  const strip = rows * strideOf(tile.depth);
  const stride = strideOf(tile.threads);
  return {
    /** Two strips side by side, or the rows that are added up. */
    strips: Math.max(2 * strip, rows * strideOf(tile.breadth)),
    /** Where the second strip begins. */
    other: strip,
    /** A row's weights, a vec4 from each of its threads. */
    weights: rows * stride,
    /** What the threads of four rows tell each other, a vec4 each. */
    parts: tile.threads * stride,
  };
}

export function sharedMemory(tile: SharedAttentionTile): string {
  const { strips, weights, parts } = memoryOf(tile);
  return lines([
    `var<workgroup> strips: array<vec4f, ${strips}>;`,
    `var<workgroup> weights: array<vec4f, ${weights}>;`,
    `var<workgroup> parts: array<vec4f, ${parts}>;`,
  ]);
}

/** The rows of a thread, and the lanes of a vec4. */
export const OWN_ROWS = count(OWN);

/**
 * WGSL: where a thread is. Its rows are `threads` apart, and so are the other side's: neighbouring threads have
 * neighbouring rows. Threads past the last row compute that row again and store nothing, because all threads of a
 * workgroup must meet at its barriers.
 */
export const sharedPlace = (tile: SharedAttentionTile): string => `
let across = lane % ${tile.threads}u; let down = lane / ${tile.threads}u;
let firstRow = (block % uniforms.rowBlocks) * ${rowsOfBlock(tile)}u;
${lines(
  OWN_ROWS.map(
    (r) =>
      `let row${r} = firstRow + down + ${r * tile.threads}u; let safe${r} = min(row${r}, tokens - 1u);`,
  ),
)}`;

/** WGSL of the loop over the other side's rows, a block at a time; `real` says which of a thread's four there are. */
export const overOthers = (tile: SharedAttentionTile, body: readonly string[]): string =>
  lines([
    `for (var other = 0u; other < tokens; other += ${rowsOfBlock(tile)}u) {`,
    `let mine = vec4u(other + across) + vec4u(${OWN_ROWS.map((j) => `${j * tile.threads}u`).join(", ")});`,
    "let real = mine < vec4u(tokens);",
    ...body,
    "}",
  ]);

export const BARRIER = "workgroupBarrier();";

/**
 * WGSL that brings `columns` vec4s from `first` on, of as many rows as a block has, to the strips from `to` on. A thread
 * writes whole vec4s, and neighbouring threads read neighbouring ones of a row. Rows past the end are the last row again, vec4s
 * past the end of a row are zero.
 * @param rows the first row
 */
function bring(
  tile: SharedAttentionTile,
  { array, start, stride }: RowVector,
  rows: string,
  columns: number,
  first: string,
  to: number,
): string {
  const { threads, quads, depth } = tile;
  const mayEnd = first === "strip" && quads % depth !== 0;
  const at = (r: number, quad: string) => `${array}[${start} + from${r} * ${stride} + ${quad}]`;
  const load = (r: number) =>
    mayEnd
      ? `select(vec4f(0.0), ${at(r, `min(quad, ${quads - 1}u)`)}, quad < ${quads}u)`
      : at(r, "quad");
  return lines([
    "{",
    ...OWN_ROWS.map((r) => `let from${r} = min(${rows} + down + ${r * threads}u, tokens - 1u);`),
    ...count(Math.ceil(columns / threads)).map((j) => {
      const left = columns - j * threads;
      return lines([
        left >= threads ? "{" : `if (across < ${left}u) {`,
        `let column = across + ${j * threads}u; let quad = ${first} + column;`,
        ...OWN_ROWS.map((r) => {
          const place = `${to}u + (down + ${r * threads}u) * ${strideOf(columns)}u + column`;
          return `strips[${place}] = ${load(r)};`;
        }),
        "}",
      ]);
    }),
    "}",
  ]);
}

/** WGSL that brings the workgroup's own rows, where they fit and stay; `scores` is then told so. */
export const bringOwn = (tile: SharedAttentionTile, own: RowVector): string =>
  isWhole(tile) ? bring(tile, own, "firstRow", tile.depth, "0u", 0) : "";

/**
 * WGSL: `sums`0 .. 3 = the products of this thread's rows of `own` with its four of `others`. Afterwards the strips are
 * being read until the next barrier; where a strip is the whole row, the second one holds the others' rows.
 * @param stays whether the own rows are in memory already
 */
export function scores(
  tile: SharedAttentionTile,
  sums: string,
  own: RowVector,
  others: RowVector,
  stays = false,
): string {
  const { threads, quads, depth } = tile;
  const stride = strideOf(depth);
  const { other } = memoryOf(tile);
  const row = (place: string, i: number) => `(${place} + ${i * threads}u) * ${stride}u + i`;
  const strip = [
    BARRIER,
    stays ? "" : bring(tile, own, "firstRow", depth, "strip", 0),
    bring(tile, others, "other", depth, "strip", other),
    BARRIER,
    `for (var i = 0u; i < ${depth}u; i++) {`,
    ...OWN_ROWS.map((j) => `let o${j} = strips[${other}u + ${row("across", j)}];`),
    // the lanes of four rows as vectors: a product is then one multiplication and addition a number, which dot is not
    ...OWN_ROWS.map(
      (lane) => `let column${lane} = vec4f(o0[${lane}], o1[${lane}], o2[${lane}], o3[${lane}]);`,
    ),
    ...OWN_ROWS.flatMap((r) => [
      `let own${r} = strips[${row("down", r)}];`,
      ...OWN_ROWS.map((lane) => `${sums}${r} += own${r}[${lane}] * column${lane};`),
    ]),
    "}",
  ];
  return lines([
    ...OWN_ROWS.map((r) => `var ${sums}${r} = vec4f(0.0);`),
    ...(isWhole(tile)
      ? ["{ let strip = 0u;", ...strip, "}"]
      : [`for (var strip = 0u; strip < ${quads}u; strip += ${depth}u) {`, ...strip, "}"]),
  ]);
}

/** Which of a row's vec4s a thread has: of each `breadth` of them, one or two. */
interface Columns {
  readonly first: number;
  readonly columns: number;
  /** Of these, in units of `threads`. */
  readonly own: readonly number[];
}

function columnsOf({ quads, threads, breadth }: SharedAttentionTile): readonly Columns[] {
  return count(Math.ceil(quads / breadth)).map((i) => {
    const first = i * breadth;
    const columns = Math.min(breadth, quads - first);
    return { first, columns, own: count(Math.ceil(columns / threads)) };
  });
}

/** A thread's vec4s of a row: the number of its register, its place (WGSL), and whether it has it (WGSL). */
export const ownQuadsOf = (tile: SharedAttentionTile) =>
  columnsOf(tile)
    .flatMap(({ first, own }) => own.map((j) => first + j * tile.threads))
    .map((start, n) => ({
      n,
      at: `${start}u + across`,
      isReal: start + tile.threads <= tile.quads ? "true" : `across < ${tile.quads - start}u`,
    }));

/** WGSL: the sums of `mixtures`, zero. */
export const startSums = (tile: SharedAttentionTile, sums: string): string[] =>
  OWN_ROWS.flatMap((r) => ownQuadsOf(tile).map(({ n }) => `var ${sums}${r}_${n} = vec4f(0.0);`));

/**
 * WGSL: `sums` += the weights of this thread's rows times the rows of `others`. The weights are `values`0 .. 3 of all
 * threads, a vec4 each. The caller is past a barrier after all that was read of the weights, and of the strips unless
 * `inMemory`: the rows are in the second strip, as after `scores` where a strip is the whole row.
 */
export function mixtures(
  tile: SharedAttentionTile,
  values: string,
  sums: string,
  others: RowVector,
  inMemory: boolean,
): string {
  const { threads } = tile;
  const weightStride = strideOf(threads);
  const { other } = memoryOf(tile);
  let register = 0;
  const passes = columnsOf(tile).map(({ first, columns, own }, pass) => {
    const start = isWhole(tile) ? other : 0; // before it are own rows that stay
    const registers = own.map(() => register++);
    /** WGSL of the place of a thread's j-th vec4; the last again where it has none. */
    const place = (j: number) =>
      (j + 1) * threads <= columns
        ? `across + ${j * threads}u`
        : `min(across + ${j * threads}u, ${columns - 1}u)`;
    return lines([
      pass === 0 ? "" : BARRIER,
      inMemory ? "" : bring(tile, others, "other", columns, `${first}u`, start),
      pass === 0 || !inMemory ? BARRIER : "",
      `for (var i = 0u; i < ${threads}u; i++) {`,
      ...OWN_ROWS.map(
        (r) => `let w${r} = weights[(down + ${r * threads}u) * ${weightStride}u + i];`,
      ),
      // the lanes of a weight are those of rows that are `threads` apart
      ...OWN_ROWS.flatMap((lane) =>
        own.flatMap((j) => [
          `let o${lane}_${j} = strips[${start}u + (i + ${lane * threads}u) * ${strideOf(columns)}u + ${place(j)}];`,
          ...OWN_ROWS.map(
            (r) => `${sums}${r}_${registers[j] ?? 0} += w${r}[${lane}] * o${lane}_${j};`,
          ),
        ]),
      ),
      "}",
    ]);
  });
  return lines([
    "{",
    ...OWN_ROWS.map(
      (r) => `weights[(down + ${r * threads}u) * ${weightStride}u + across] = ${values}${r};`,
    ),
    ...passes,
    "}",
  ]);
}

/**
 * WGSL: `name`, a vec4 with a number for each of a thread's rows, joined over the threads of the rows in their order.
 * Between two uses there is a barrier, as there is after the use before.
 */
export function joinRows(
  { threads }: SharedAttentionTile,
  name: string,
  join: (left: string, right: string) => string,
): string {
  const stride = strideOf(threads);
  const part = (i: number) => `parts[down * ${stride}u + ${i}u]`;
  return lines([
    `parts[down * ${stride}u + across] = ${name};`,
    BARRIER,
    `${name} = ${count(threads)
      .map(part)
      .reduce((sofar, next) => join(sofar, next))};`,
  ]);
}
