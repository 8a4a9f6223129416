import {
  BACKWARD_FRAMES,
  BELOW_ALL,
  FORWARD_FRAME,
  KEY,
  laneList,
  lines,
  LN_2,
  LOG2_E,
  QUERY,
  scaleOf,
  sequencePlace,
  SIDE_VECTORS,
  SLOPE,
  VALUE,
  type AttentionSide,
  type RowVector,
} from "./attentionFrame";
import type { ComputeProgram } from "./program";
import {
  BARRIER,
  bringOwn,
  isWhole,
  joinRows,
  mixtures,
  overOthers,
  ownQuadsOf,
  OWN_ROWS,
  scores,
  sharedMemory,
  sharedPlace,
  startSums,
  threadsOfBlock,
  variantOfShared,
  type SharedAttentionTile,
} from "./sharedAttentionTile";

/** attentionForward.ts and attentionBackward.ts through workgroup memory: what real GPUs like. */

const largest = (vector: string) =>
  `max(max(${vector}.x, ${vector}.y), max(${vector}.z, ${vector}.w))`;

const place = (tile: SharedAttentionTile) => [sequencePlace(tile.quads), sharedPlace(tile)];

/** WGSL: stores a thread's vec4s of each of its rows that there are. */
const storeRows = (
  tile: SharedAttentionTile,
  target: string,
  { start, stride }: Pick<RowVector, "start" | "stride">,
  value: (r: number, n: number) => string,
): string =>
  lines(
    OWN_ROWS.map((r) =>
      lines([
        `if (row${r} < tokens) {`,
        ...ownQuadsOf(tile).map(({ n, at, isReal }) => {
          const store = `${target}[${start} + row${r} * ${stride} + ${at}] = ${value(r, n)};`;
          return isReal === "true" ? store : `if (${isReal}) { ${store} }`;
        }),
        "}",
      ]),
    ),
  );

/** WGSL: stores what a row has once. */
const storeOnce = (target: string, value: (r: number) => string): string =>
  lines([
    "if (across == 0u) {",
    ...OWN_ROWS.map(
      (r) => `if (row${r} < tokens) { ${target}[sequence * tokens + row${r}] = ${value(r)}; }`,
    ),
    "}",
  ]);

/**
 * WGSL: takes a block's scores into the softmax. A row's largest score is agreed upon by its threads; of the
 * denominator each has its own part until the end.
 */
const takeScores = (tile: SharedAttentionTile): string[] => {
  const scale = `${scaleOf(tile) * Number(LOG2_E)}`;
  return [
    ...OWN_ROWS.map((r) => `score${r} = select(vec4f(${BELOW_ALL}), score${r} * ${scale}, real);`),
    `var next = max(most, ${laneList((r) => largest(`score${r}`), "vec4f")});`,
    joinRows(tile, "next", (left, right) => `max(${left}, ${right})`),
    "let fade = exp2(most - next);",
    "most = next;",
    ...OWN_ROWS.map((r) => `let weight${r} = exp2(score${r} - next[${r}]);`),
    `total = total * fade + ${laneList((r) => `dot(weight${r}, vec4f(1.0))`, "vec4f")};`,
    ...OWN_ROWS.flatMap((r) => ownQuadsOf(tile).map(({ n }) => `mixed${r}_${n} *= fade[${r}];`)),
  ];
};

/** softmax(q kᵀ / sqrt(head width)) v and the logarithm of its denominator, a block of queries a workgroup. */
export function sharedForward(tile: SharedAttentionTile): ComputeProgram {
  const stays = isWhole(tile);
  return {
    ...FORWARD_FRAME,
    variant: variantOfShared(tile),
    workgroupSize: [threadsOfBlock(tile), 1, 1],
    get declarations() {
      return sharedMemory(tile);
    },
    get body() {
      return lines([
        ...place(tile),
        `var most = vec4f(${BELOW_ALL}); var total = vec4f(0.0);`,
        ...startSums(tile, "mixed"),
        bringOwn(tile, QUERY),
        overOthers(tile, [
          scores(tile, "score", QUERY, KEY, stays),
          ...takeScores(tile),
          mixtures(tile, "weight", "mixed", VALUE, false),
        ]),
        joinRows(tile, "total", (left, right) => `${left} + ${right}`),
        storeRows(
          tile,
          "out",
          { start: "joined", stride: "width" },
          (r, n) => `mixed${r}_${n} / total[${r}]`,
        ),
        storeOnce("logSumExp", (r) => `(most[${r}] + log2(total[${r}])) * ${LN_2}`),
      ]);
    },
  };
}

/** WGSL of the side of queries: the softmax's denominator and delta, sum of dOut out, of each of a thread's rows. */
const rowDeltas = (tile: SharedAttentionTile): string[] => [
  `let logs = ${laneList((r) => `logSumExp[sequence * tokens + safe${r}]`, "vec4f")} * ${LOG2_E};`,
  ...OWN_ROWS.map((r) => `var product${r} = 0.0;`),
  ...ownQuadsOf(tile).map(({ at, isReal }) =>
    lines([
      isReal === "true" ? "{" : `if (${isReal}) {`,
      ...OWN_ROWS.map((r) => {
        const of = (array: string) => `${array}[joined + safe${r} * width + ${at}]`;
        return `product${r} += dot(${of("dOut")}, ${of("out")});`;
      }),
      "}",
    ]),
  ),
  "var deltas = vec4f(product0, product1, product2, product3);",
  joinRows(tile, "deltas", (left, right) => `${left} + ${right}`),
];

/** WGSL of the side of keys: the same of a thread's four of the other side's rows, which are queries. */
const deltasOfOthers = (): string[] => {
  const four = (array: string) =>
    laneList((j) => `${array}[sequence * tokens + min(mine[${j}], tokens - 1u)]`, "vec4f");
  return [`let logs = ${four("logSumExp")} * ${LOG2_E};`, `let deltas = ${four("delta")};`];
};

/** WGSL: the weights of a thread's scores, and the scores' gradients. */
function scoreGradients(tile: SharedAttentionTile, side: AttentionSide): string[] {
  const scale = `${scaleOf(tile) * Number(LOG2_E)}`;
  const of = (vector: string, r: number) => (side === "query" ? `${vector}[${r}]` : vector);
  return OWN_ROWS.flatMap((r) => [
    `let weight${r} = select(vec4f(0.0), exp2(score${r} * ${scale} - ${of("logs", r)}), real);`,
    `let dScore${r} = weight${r} * (gain${r} - ${of("deltas", r)});`,
  ]);
}

/** WGSL of dq: the scores last, because their keys are what is added up. */
function queryGradients(tile: SharedAttentionTile): string {
  const inMemory = isWhole(tile);
  return overOthers(tile, [
    scores(tile, "gain", SLOPE, VALUE),
    scores(tile, "score", QUERY, KEY),
    ...scoreGradients(tile, "query"),
    inMemory ? "" : BARRIER,
    mixtures(tile, "dScore", "dLeft", KEY, inMemory),
  ]);
}

/** WGSL of dk and dv: the gains last, because dOut is what is added up first. */
function keyGradients(tile: SharedAttentionTile): string {
  const inMemory = isWhole(tile);
  return overOthers(tile, [
    ...deltasOfOthers(),
    scores(tile, "score", KEY, QUERY),
    scores(tile, "gain", VALUE, SLOPE),
    ...scoreGradients(tile, "key"),
    inMemory ? "" : BARRIER,
    mixtures(tile, "weight", "dRight", SLOPE, inMemory),
    BARRIER,
    mixtures(tile, "dScore", "dLeft", QUERY, false),
  ]);
}

/** The gradients of a block of queries, or of keys, a workgroup. */
export function sharedBackward(tile: SharedAttentionTile, side: AttentionSide): ComputeProgram {
  const { left, right } = SIDE_VECTORS[side];
  const scale = scaleOf(tile);
  const ofQuery = side === "query";
  return {
    ...BACKWARD_FRAMES[side],
    variant: variantOfShared(tile),
    workgroupSize: [threadsOfBlock(tile), 1, 1],
    get declarations() {
      return sharedMemory(tile);
    },
    get body() {
      return lines([
        ...place(tile),
        ...startSums(tile, "dLeft"),
        ...(ofQuery
          ? [...rowDeltas(tile), queryGradients(tile)]
          : [...startSums(tile, "dRight"), keyGradients(tile)]),
        storeRows(tile, "dQkv", left, (r, n) => `dLeft${r}_${n} * ${scale}`),
        ofQuery
          ? storeOnce("delta", (r) => `deltas[${r}]`)
          : storeRows(tile, "dQkv", right, (r, n) => `dRight${r}_${n}`),
      ]);
    },
  };
}
