import {
  ATTENTION_UNIFORMS,
  exchange,
  exchangeMemory,
  foursOf,
  laneList,
  lines,
  LOG2_E,
  mixtures,
  ownQuads,
  placeOf,
  products,
  quadAt,
  realRows,
  rowsOfThread,
  scaleOf,
  stream,
  threadsOf,
  variantOf,
  type AttentionTile,
  type Streamed,
} from "./attentionTile";
import type { ComputeProgram } from "./program";

/** Whose rows a workgroup has: those of queries give dq, those of keys dk and dv. */
export type AttentionSide = "query" | "key";

const QUERY: Streamed = { name: "query", array: "qkv", start: "packed", stride: "3u * width" };
const KEY: Streamed = { ...QUERY, name: "key", start: "packed + width" };
const VALUE: Streamed = { ...QUERY, name: "value", start: "packed + 2u * width" };
const SLOPE: Streamed = { name: "slope", array: "dOut", start: "joined", stride: "width" };

/** The two vectors of a workgroup's own rows, and the two of the other side's rows that each is multiplied by. */
interface Vectors {
  readonly left: Streamed;
  readonly right: Streamed;
  readonly meetsLeft: Streamed;
  readonly meetsRight: Streamed;
}

const VECTORS: Readonly<Record<AttentionSide, Vectors>> = {
  query: { left: QUERY, right: SLOPE, meetsLeft: KEY, meetsRight: VALUE },
  key: { left: KEY, right: VALUE, meetsLeft: QUERY, meetsRight: SLOPE },
};

/** WGSL: this thread's part of its own rows, the left vectors scaled for exp2, and sums that start at zero. */
function loadOwn(tile: AttentionTile, side: AttentionSide): string[] {
  const { left, right } = VECTORS[side];
  const sums = side === "query" ? ["dLeft"] : ["dLeft", "dRight"];
  const at = ({ array, start, stride }: Streamed, r: number, i: number) =>
    `${array}[${start} + safe${r} * ${stride} + ${quadAt(tile, i)}]`;
  return rowsOfThread(tile).flatMap((r) =>
    ownQuads(tile).flatMap((i) => [
      `let left${r}_${i} = ${at(left, r, i)} * ${scaleOf(tile) * Number(LOG2_E)};`,
      `let right${r}_${i} = ${at(right, r, i)};`,
      ...sums.map((sum) => `var ${sum}${r}_${i} = vec4f(0.0);`),
    ]),
  );
}

/** WGSL of the side of queries: delta and the softmax's denominator of each of its rows. */
function rowDeltas(tile: AttentionTile): string[] {
  const rows = rowsOfThread(tile);
  const out = (r: number, i: number) => `out[joined + safe${r} * width + ${quadAt(tile, i)}]`;
  return [
    ...rows.flatMap((r) => [
      `let ofRow${r} = sequence * tokens + safe${r};`,
      `let log${r} = logSumExp[ofRow${r}] * ${LOG2_E};`,
      `var product${r} = vec4f(0.0);`,
      ...ownQuads(tile).map((i) => `product${r} += right${r}_${i} * ${out(r, i)};`),
    ]),
    exchange(
      tile,
      rows.map((r) => `product${r}`),
    ),
    ...rows.map((r) => `let delta${r} = dot(product${r}, vec4f(1.0));`),
  ];
}

/** WGSL of the side of keys: the same of four of the other side's rows, which are queries. */
function deltasOfOthers(g: number): string[] {
  const four = (array: string) =>
    laneList(
      (lane) => `${array}[sequence * tokens + min(other + ${4 * g + lane}u, tokens - 1u)]`,
      "vec4f",
    );
  return [`let logs${g} = ${four("logSumExp")} * ${LOG2_E};`, `let deltas${g} = ${four("delta")};`];
}

/** WGSL: the weights of four of the other side's rows with an own row, and the gradients of their scores. */
function scoreGradients(side: AttentionSide, r: number, g: number): string[] {
  const [log, delta] = side === "query" ? [`log${r}`, `delta${r}`] : [`logs${g}`, `deltas${g}`];
  return [
    `let weight${r}_${g} = select(vec4f(0.0), exp2(score${r}_${g} - ${log}), real${g});`,
    `let dScore${r}_${g} = weight${r}_${g} * (gain${r}_${g} - ${delta});`,
  ];
}

/** WGSL of the loop over the other side's rows, `tile.others` at a time. */
function sumOverOthers(
  tile: AttentionTile,
  side: AttentionSide,
  others: ReturnType<typeof stream>,
): string[] {
  const { meetsLeft, meetsRight } = VECTORS[side];
  const [rows, fours] = [rowsOfThread(tile), foursOf(tile)];
  return [
    `for (var other = 0u; other < tokens; other += ${tile.others}u) {`,
    others.prepare,
    products(tile, "left", "score", (i) => others.read(meetsLeft, i)),
    products(tile, "right", "gain", (i) => others.read(meetsRight, i)),
    exchange(
      tile,
      rows.flatMap((r) => fours.flatMap((g) => [`score${r}_${g}`, `gain${r}_${g}`])),
    ),
    ...fours.flatMap((g) => [realRows(g), ...(side === "key" ? deltasOfOthers(g) : [])]),
    ...rows.flatMap((r) => fours.flatMap((g) => scoreGradients(side, r, g))),
    mixtures(tile, "dScore", "dLeft", (i) => others.read(meetsLeft, i)),
    side === "key" ? mixtures(tile, "weight", "dRight", (i) => others.read(meetsRight, i)) : "",
    others.done,
    "}",
  ];
}

/** WGSL that stores this thread's part of one row's gradients. */
function storeRow(tile: AttentionTile, side: AttentionSide, r: number): string[] {
  const { left, right } = VECTORS[side];
  return [
    `if (row${r} < tokens) {`,
    ...ownQuads(tile).flatMap((i) => {
      const at = ({ start, stride }: Streamed) =>
        `dQkv[${start} + row${r} * ${stride} + ${quadAt(tile, i)}]`;
      return [
        `${at(left)} = dLeft${r}_${i} * ${scaleOf(tile)};`,
        side === "key" ? `${at(right)} = dRight${r}_${i};` : "",
      ];
    }),
    side === "query" ? `if (slice == 0u) { delta[ofRow${r}] = delta${r}; }` : "",
    "}",
  ];
}

/**
 * With weights p = exp(score - logSumExp) made again, and delta = sum of dOut out over a head's row:
 * dScore = p (dOut vᵀ - delta), dq = scale dScore k, dk = scale dScoreᵀ q, dv = pᵀ dOut.
 * The side of queries also makes delta, for the side of keys, which runs after it.
 * @source arXiv:2205.14135, appendix B
 */
export function backwardProgram(tile: AttentionTile, side: AttentionSide): ComputeProgram {
  const [rows, fours] = [rowsOfThread(tile), foursOf(tile)];
  const ofQuery = side === "query";
  const { meetsLeft, meetsRight } = VECTORS[side];
  const others = stream(tile, [meetsLeft, meetsRight]);
  return {
    name: ofQuery ? "attention grad q" : "attention grad kv",
    variant: variantOf(tile),
    workgroupSize: [threadsOf(tile), 1, 1],
    outputs: { dQkv: "vec4f", ...(ofQuery && { delta: "f32" }) },
    inputs: {
      qkv: "vec4f",
      dOut: "vec4f",
      logSumExp: "f32",
      ...(ofQuery ? { out: "vec4f" } : { delta: "f32" }),
    },
    uniforms: ATTENTION_UNIFORMS,
    subgroups: tile.reading === "broadcast",
    get declarations() {
      const memory = exchangeMemory(tile, 2 * fours.length * rows.length);
      return lines([others.declarations, memory]);
    },
    get body() {
      return lines([
        placeOf(tile),
        ...loadOwn(tile, side),
        ...(ofQuery ? rowDeltas(tile) : []),
        ...sumOverOthers(tile, side, others),
        ...rows.flatMap((r) => storeRow(tile, side, r)),
      ]);
    },
  };
}
