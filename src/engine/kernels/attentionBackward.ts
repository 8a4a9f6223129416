import {
  BACKWARD_FRAMES,
  laneList,
  lines,
  LOG2_E,
  scaleOf,
  SIDE_VECTORS,
  type AttentionSide,
  type RowVector,
} from "./attentionFrame";
import {
  foursOf,
  mixtures,
  placeOf,
  products,
  quadsOf,
  realRows,
  rowsOfThread,
  stream,
  variantOf,
  type AttentionTile,
} from "./attentionTile";
import type { ComputeProgram } from "./program";

/** WGSL: this thread's rows, the left vectors scaled for exp2, and sums that start at zero. */
function loadOwn(tile: AttentionTile, side: AttentionSide): string[] {
  const { left, right } = SIDE_VECTORS[side];
  const sums = side === "query" ? ["dLeft"] : ["dLeft", "dRight"];
  const at = ({ array, start, stride }: RowVector, r: number, i: number) =>
    `${array}[${start} + safe${r} * ${stride} + ${i}u]`;
  return rowsOfThread(tile).flatMap((r) =>
    quadsOf(tile).flatMap((i) => [
      `let left${r}_${i} = ${at(left, r, i)} * ${scaleOf(tile) * Number(LOG2_E)};`,
      `let right${r}_${i} = ${at(right, r, i)};`,
      ...sums.map((sum) => `var ${sum}${r}_${i} = vec4f(0.0);`),
    ]),
  );
}

/** WGSL of the side of queries: delta and the softmax's denominator of each of its rows. */
function rowDeltas(tile: AttentionTile): string[] {
  const rows = rowsOfThread(tile);
  const out = (r: number, i: number) => `out[joined + safe${r} * width + ${i}u]`;
  return [
    ...rows.flatMap((r) => [
      `let ofRow${r} = sequence * tokens + safe${r};`,
      `let log${r} = logSumExp[ofRow${r}] * ${LOG2_E};`,
      `var product${r} = vec4f(0.0);`,
      ...quadsOf(tile).map((i) => `product${r} += right${r}_${i} * ${out(r, i)};`),
    ]),
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
  const { meetsLeft, meetsRight } = SIDE_VECTORS[side];
  const [rows, fours] = [rowsOfThread(tile), foursOf(tile)];
  return [
    `for (var other = 0u; other < tokens; other += ${tile.others}u) {`,
    others.prepare,
    products(tile, "left", "score", (i) => others.read(meetsLeft, i)),
    products(tile, "right", "gain", (i) => others.read(meetsRight, i)),
    ...fours.flatMap((g) => [realRows(g), ...(side === "key" ? deltasOfOthers(g) : [])]),
    ...rows.flatMap((r) => fours.flatMap((g) => scoreGradients(side, r, g))),
    mixtures(tile, "dScore", "dLeft", (i) => others.read(meetsLeft, i)),
    side === "key" ? mixtures(tile, "weight", "dRight", (i) => others.read(meetsRight, i)) : "",
    "}",
  ];
}

/** WGSL that stores one row's gradients. */
function storeRow(tile: AttentionTile, side: AttentionSide, r: number): string[] {
  const { left, right } = SIDE_VECTORS[side];
  return [
    `if (row${r} < tokens) {`,
    ...quadsOf(tile).flatMap((i) => {
      const at = ({ start, stride }: RowVector) => `dQkv[${start} + row${r} * ${stride} + ${i}u]`;
      return [
        `${at(left)} = dLeft${r}_${i} * ${scaleOf(tile)};`,
        side === "key" ? `${at(right)} = dRight${r}_${i};` : "",
      ];
    }),
    side === "query" ? `delta[ofRow${r}] = delta${r};` : "",
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
  const rows = rowsOfThread(tile);
  const { meetsLeft, meetsRight } = SIDE_VECTORS[side];
  const others = stream(tile, [meetsLeft, meetsRight]);
  return {
    ...BACKWARD_FRAMES[side],
    variant: variantOf(tile),
    workgroupSize: [tile.rows, 1, 1],
    subgroups: tile.reading === "broadcast",
    get body() {
      return lines([
        placeOf(tile),
        ...loadOwn(tile, side),
        ...(side === "query" ? rowDeltas(tile) : []),
        ...sumOverOthers(tile, side, others),
        ...rows.flatMap((r) => storeRow(tile, side, r)),
      ]);
    },
  };
}
