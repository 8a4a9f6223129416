import {
  ATTENTION_UNIFORMS,
  exchange,
  exchangeMemory,
  foursOf,
  lines,
  LN_2,
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

const KEY: Streamed = {
  name: "key",
  array: "qkv",
  start: "packed + width",
  stride: "3u * width",
};
const VALUE: Streamed = { ...KEY, name: "value", start: "packed + 2u * width" };

const largest = (vector: string) =>
  `max(max(${vector}.x, ${vector}.y), max(${vector}.z, ${vector}.w))`;

/** Below every score, so that its exponential is zero; WGSL has no infinity. */
const BELOW_ALL = "-1e30";

/** WGSL: this thread's part of its queries, scaled for exp2, and where the softmax starts. */
function loadQueries(tile: AttentionTile): string[] {
  const scale = `${scaleOf(tile) * Number(LOG2_E)}`;
  return rowsOfThread(tile).flatMap((r) => [
    `var most${r} = ${BELOW_ALL}; var total${r} = 0.0;`,
    ...ownQuads(tile).map((i) => {
      const at = `packed + safe${r} * 3u * width + ${quadAt(tile, i)}`;
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
    ...ownQuads(tile).map((i) => `mixed${r}_${i} *= fade${r};`),
  ];
}

/** WGSL that stores this thread's part of one row's results. */
const storeRow = (tile: AttentionTile, r: number): string[] => [
  `if (row${r} < tokens) {`,
  ...ownQuads(tile).map(
    (i) => `out[joined + row${r} * width + ${quadAt(tile, i)}] = mixed${r}_${i} / total${r};`,
  ),
  `if (slice == 0u) { logSumExp[sequence * tokens + row${r}] = (most${r} + log2(total${r})) * ${LN_2}; }`,
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
    name: "attention",
    variant: variantOf(tile),
    workgroupSize: [threadsOf(tile), 1, 1],
    outputs: { out: "vec4f", logSumExp: "f32" },
    inputs: { qkv: "vec4f" },
    uniforms: ATTENTION_UNIFORMS,
    subgroups: tile.reading === "broadcast",
    get declarations() {
      return lines([others.declarations, exchangeMemory(tile, fours.length * rows.length)]);
    },
    get body() {
      return lines([
        placeOf(tile),
        ...loadQueries(tile),
        `for (var other = 0u; other < tokens; other += ${tile.others}u) {`,
        others.prepare,
        products(tile, "q", "score", (i) => others.read(KEY, i)),
        exchange(
          tile,
          rows.flatMap((r) => fours.map((g) => `score${r}_${g}`)),
        ),
        ...fours.map(realRows),
        ...rows.flatMap((r) => takeScores(tile, r)),
        mixtures(tile, "weight", "mixed", (i) => others.read(VALUE, i)),
        others.done,
        "}",
        ...rows.flatMap((r) => storeRow(tile, r)),
      ]);
    },
  };
}
