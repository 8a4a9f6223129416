import { count, LANES, laneList, lines, sequencePlace, type RowVector } from "./attentionFrame";

/**
 * How attention is cut up on software adapters. A thread has some rows (queries, or keys) of one head of one image and
 * goes through all rows of the other side, a few at a time. Loads cost most there, because they load one lane at a time:
 * a load serves several rows of a thread and a whole subgroup.
 */
export interface AttentionTile {
  /** vec4s of a head's row. */
  readonly quads: number;
  /** Rows a workgroup has at once, a thread each, and how many times as many in all. */
  readonly rows: number;
  readonly rowsAThread: number;
  /** Rows of the other side at a time, a multiple of 4. */
  readonly others: number;
  /** How those are read: each thread one of them, which it gives to its subgroup ("broadcast"), or all by each ("direct"). */
  readonly reading: "broadcast" | "direct";
}

/** Rows of a workgroup, rows of the other side, and the vec4s of the widest head with all rows. */
const [ROWS, OTHERS, QUADS] = [16, 4, 8];

/** @param mostRows rows of a thread; fewer where heads are wide, since compiling takes seconds */
export function attentionTile(
  headWidth: number,
  mostRows: number,
  subgroups: boolean,
): AttentionTile {
  const quads = headWidth / LANES;
  const fitting = Math.floor((QUADS * mostRows) / quads);
  return {
    quads,
    rows: ROWS,
    rowsAThread: Math.max(1, Math.min(mostRows, fitting)),
    others: OTHERS,
    reading: subgroups ? "broadcast" : "direct",
  };
}

export const rowsOfGroup = ({ rows, rowsAThread }: AttentionTile): number => rows * rowsAThread;
export const quadsOf = ({ quads }: AttentionTile): readonly number[] => count(quads);
export const rowsOfThread = ({ rowsAThread }: AttentionTile): readonly number[] =>
  count(rowsAThread);
/** Groups of four of the other side's rows. */
export const foursOf = ({ others }: AttentionTile): readonly number[] => count(others / LANES);

export const variantOf = (tile: AttentionTile): string => Object.values(tile).join(" ");

/** WGSL: where a thread is. Threads past the last row compute that row again and store nothing: their subgroup needs them. */
export const placeOf = (tile: AttentionTile): string => `${sequencePlace(tile.quads)}
let firstRow = (block % uniforms.rowBlocks) * ${rowsOfGroup(tile)}u + lane;
${lines(
  rowsOfThread(tile).map(
    (r) => `let row${r} = firstRow + ${r * tile.rows}u; let safe${r} = min(row${r}, tokens - 1u);`,
  ),
)}`;

/** WGSL: which of four of the other side's rows there are; the last ones of a block may be past the end. */
export const realRows = (g: number): string =>
  `let real${g} = vec4u(other + ${LANES * g}u) + ${laneList((lane) => `${lane}u`, "vec4u")} < vec4u(tokens);`;

/** WGSL that finds the rows `other .. other + others - 1` of the other side, and reads them. */
export function stream({ others, reading }: AttentionTile, vectors: readonly RowVector[]) {
  const clamped = (row: string) => `min(${row}, tokens - 1u)`;
  const prepare = {
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
  /** WGSL: o0, o1, ...: the i-th vec4 of each of the other side's rows. */
  const read = ({ name, array }: RowVector, i: number): string => {
    const each = (value: (j: number) => string) =>
      lines(count(others).map((j) => `let o${j} = ${value(j)};`));
    if (reading === "direct") return each((j) => `${array}[${name}${j} + ${i}u]`);
    return `let mineOf = ${array}[${name} + ${i}u];\n${each((j) => `subgroupBroadcast(mineOf, ${j}u)`)}`;
  };
  return { prepare: prepare[reading](), read };
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
    ...quadsOf(tile).map((i) =>
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
    quadsOf(tile).map((i) =>
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
