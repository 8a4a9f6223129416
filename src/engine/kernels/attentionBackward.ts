import {
  ATTENTION_UNIFORMS,
  exchange,
  exchangeMemory,
  foursOf,
  lines,
  LOG2_E,
  mixtures,
  ownQuads,
  placeOf,
  products,
  quadAt,
  rowsOfThread,
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

/**
 * With weights p = exp(score - logSumExp) made again, and delta = sum of dOut out over a head's row:
 * dScore = p (dOut vᵀ - delta), dq = scale dScore k, dk = scale dScoreᵀ q, dv = pᵀ dOut.
 * The side of queries also makes delta, for the side of keys, which runs after it.
 * @source arXiv:2205.14135, appendix B
 */
export function backwardProgram(tile: AttentionTile, side: AttentionSide): ComputeProgram {
  const [rows, own, fours] = [rowsOfThread(tile), ownQuads(tile), foursOf(tile)];
  const ofQuery = side === "query";
  // the own row's two vectors, and what they meet on the other side
  const [left, right] = ofQuery ? [QUERY, SLOPE] : [KEY, VALUE];
  const [meetsLeft, meetsRight] = ofQuery ? [KEY, VALUE] : [QUERY, SLOPE];
  const others = stream(tile, [meetsLeft, meetsRight]);
  const scale = (4 * tile.quads) ** -0.5;
  const ownAt = ({ array, start, stride }: Streamed, r: number, i: number) =>
    `${array}[${start} + safe${r} * ${stride} + ${quadAt(tile, i)}]`;
  const sums = ofQuery ? ["dLeft"] : ["dLeft", "dRight"];
  /** For the rows of the other side, four at a time: of a vector a query. */
  const ofOthers = (array: string, g: number) =>
    `vec4f(${[0, 1, 2, 3].map((j) => `${array}[sequence * tokens + min(other + ${4 * g + j}u, tokens - 1u)]`).join(", ")})`;
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
        ...rows.flatMap((r) =>
          own.flatMap((i) => [
            `let left${r}_${i} = ${ownAt(left, r, i)} * ${scale * Number(LOG2_E)};`,
            `let right${r}_${i} = ${ownAt(right, r, i)};`,
            ...sums.map((sum) => `var ${sum}${r}_${i} = vec4f(0.0);`),
          ]),
        ),
        ...(ofQuery
          ? rows.flatMap((r) => [
              `let ofRow${r} = sequence * tokens + safe${r};`,
              `let log${r} = logSumExp[ofRow${r}] * ${LOG2_E};`,
              `var product${r} = vec4f(0.0);`,
              ...own.map(
                (i) =>
                  `product${r} += right${r}_${i} * out[joined + safe${r} * width + ${quadAt(tile, i)}];`,
              ),
            ])
          : []),
        ...(ofQuery
          ? [
              exchange(
                tile,
                rows.map((r) => `product${r}`),
              ),
              ...rows.map((r) => `let delta${r} = dot(product${r}, vec4f(1.0));`),
            ]
          : []),
        `for (var other = 0u; other < tokens; other += ${tile.others}u) {`,
        others.prepare,
        products(tile, "left", "score", (i) => others.read(meetsLeft, i)),
        products(tile, "right", "gain", (i) => others.read(meetsRight, i)),
        exchange(
          tile,
          rows.flatMap((r) => fours.flatMap((g) => [`score${r}_${g}`, `gain${r}_${g}`])),
        ),
        ...fours.flatMap((g) => [
          `let real${g} = vec4u(other + ${4 * g}u) + vec4u(0u, 1u, 2u, 3u) < vec4u(tokens);`,
          ...(ofQuery
            ? []
            : [
                `let logs${g} = ${ofOthers("logSumExp", g)} * ${LOG2_E};`,
                `let deltas${g} = ${ofOthers("delta", g)};`,
              ]),
        ]),
        ...rows.flatMap((r) =>
          fours.flatMap((g) => {
            const [log, delta] = ofQuery ? [`log${r}`, `delta${r}`] : [`logs${g}`, `deltas${g}`];
            return [
              `let weight${r}_${g} = select(vec4f(0.0), exp2(score${r}_${g} - ${log}), real${g});`,
              `let dScore${r}_${g} = weight${r}_${g} * (gain${r}_${g} - ${delta});`,
            ];
          }),
        ),
        mixtures(tile, "dScore", "dLeft", (i) => others.read(meetsLeft, i)),
        ofQuery ? "" : mixtures(tile, "weight", "dRight", (i) => others.read(meetsRight, i)),
        others.done,
        "}",
        ...rows.flatMap((r) => [
          `if (row${r} < tokens) {`,
          ...own.flatMap((i) => {
            const at = (vector: Streamed) =>
              `dQkv[${vector.start} + row${r} * ${vector.stride} + ${quadAt(tile, i)}]`;
            return [
              `${at(left)} = dLeft${r}_${i} * ${scale};`,
              ofQuery ? "" : `${at(right)} = dRight${r}_${i};`,
            ];
          }),
          ofQuery ? `if (slice == 0u) { delta[ofRow${r}] = delta${r}; }` : "",
          "}",
        ]),
      ]);
    },
  };
}
