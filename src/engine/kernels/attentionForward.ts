import {
  BELOW_ALL,
  FORWARD_FRAME,
  KEY,
  lines,
  LN_2,
  LOG2_E,
  scaleOf,
  VALUE,
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

const largest = (vector: string) =>
  `max(max(${vector}.x, ${vector}.y), max(${vector}.z, ${vector}.w))`;

/** WGSL: this thread's queries, scaled for exp2, and where the softmax starts. */
function loadQueries(tile: AttentionTile): string[] {
  const scale = `${scaleOf(tile) * Number(LOG2_E)}`;
  return rowsOfThread(tile).flatMap((r) => [
    `var most${r} = ${BELOW_ALL}; var total${r} = 0.0;`,
    ...quadsOf(tile).map((i) => {
      const at = `packed + safe${r} * 3u * width + ${i}u`;
      return `let q${r}_${i} = qkv[${at}] * ${scale}; var mixed${r}_${i} = vec4f(0.0);`;
    }),
  ]);
}

/** WGSL: takes the scores of some keys into the softmax of one query, and fades what was summed before to its scale. */
function takeScores(tile: AttentionTile, r: number): string[] {
  const fours = foursOf(tile);
  const most = fours.reduce(
    (sofar, g) => `max(${sofar}, ${largest(`score${r}_${g}`)})`,
    `most${r}`,
  );
  const sum = fours.map((g) => `dot(weight${r}_${g}, vec4f(1.0))`).join(" + ");
  return [
    ...fours.map((g) => `score${r}_${g} = select(vec4f(${BELOW_ALL}), score${r}_${g}, real${g});`),
    `let next${r} = ${most};`,
    `let fade${r} = exp2(most${r} - next${r});`,
    `most${r} = next${r};`,
    ...fours.map((g) => `let weight${r}_${g} = exp2(score${r}_${g} - next${r});`),
    `total${r} = total${r} * fade${r} + ${sum};`,
    ...quadsOf(tile).map((i) => `mixed${r}_${i} *= fade${r};`),
  ];
}

/** WGSL that stores one row's results. */
const storeRow = (tile: AttentionTile, r: number): string[] => [
  `if (row${r} < tokens) {`,
  ...quadsOf(tile).map(
    (i) => `out[joined + row${r} * width + ${i}u] = mixed${r}_${i} / total${r};`,
  ),
  `logSumExp[sequence * tokens + row${r}] = (most${r} + log2(total${r})) * ${LN_2};`,
  "}",
];

/**
 * softmax(q kᵀ / sqrt(head width)) v with the softmax kept up to date from key to key, so that no scores are
 * stored; and the logarithm of its denominator, from which the gradient makes the weights again.
 * @source online softmax: arXiv:1805.02867; without stored scores: arXiv:2205.14135
 */
export function forwardProgram(tile: AttentionTile): ComputeProgram {
  const [rows, fours] = [rowsOfThread(tile), foursOf(tile)];
  const others = stream(tile, [KEY, VALUE]);
  return {
    ...FORWARD_FRAME,
    variant: variantOf(tile),
    workgroupSize: [tile.rows, 1, 1],
    subgroups: tile.reading === "broadcast",
    get body() {
      return lines([
        placeOf(tile),
        ...loadQueries(tile),
        `for (var other = 0u; other < tokens; other += ${tile.others}u) {`,
        others.prepare,
        products(tile, "q", "score", (i) => others.read(KEY, i)),
        ...fours.map(realRows),
        ...rows.flatMap((r) => takeScores(tile, r)),
        mixtures(tile, "weight", "mixed", (i) => others.read(VALUE, i)),
        "}",
        ...rows.flatMap((r) => storeRow(tile, r)),
      ]);
    },
  };
}
