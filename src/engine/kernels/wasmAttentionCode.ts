import {
  add,
  add4,
  addFloat,
  and,
  div4,
  exp4,
  float,
  int,
  laneOf,
  loadSplat,
  max4,
  maxFloat,
  mul,
  mul4,
  mulFloat,
  quad,
  quotient,
  remainder,
  smaller,
  splat,
  sub,
  sub4,
  type Body,
  type F32,
  type I32,
  type V128,
  type Variable,
} from "./wasmAssembler";
import { overRow, wasmKernel } from "./wasmKernel";
import { productScratch } from "./wasmProductCode";

/** Queries of a forward part. */
const QUERIES = 64;

export const attentionParts = (tokens: number): number => Math.ceil(tokens / QUERIES);

/** Bytes of a row of scores: whole fours, what is left over counts nothing. */
const scoreRow = (tokens: number): number => Math.ceil(tokens / 4) * 16;

const productBytes = (tokens: number, headWidth: number) =>
  Math.max(productScratch(headWidth, tokens), productScratch(tokens, headWidth));

/** Scratch of a forward part: scores, then the products' own. */
export const forwardScratch = (tokens: number, headWidth: number): number =>
  QUERIES * scoreRow(tokens) + productBytes(tokens, headWidth);

/** Scratch of a backward part: weights and gradients of scores, then the products' own. */
export const backwardScratch = (tokens: number, headWidth: number): number =>
  2 * tokens * scoreRow(tokens) + productBytes(tokens, headWidth);

/** Packed qkv [B, T, 3D]: `tokens` T, `heads`, `headWidth` D / heads. */
const SIZES = { qkv: "i32", tokens: "i32", heads: "i32", headWidth: "i32", scale: "f32" } as const;

type Int = Variable<"i32">;

/** Addresses and distances of one head of one image; `head` counts both. */
function placeOf(
  body: Body,
  {
    qkv,
    tokens,
    heads,
    headWidth,
  }: Readonly<Record<"qkv" | "tokens" | "heads" | "headWidth", Int>>,
  head: Int,
) {
  const width = body.variable(mul(mul(heads, headWidth), 4)); // bytes of a row [D]
  const packed = body.variable(mul(width, 3));
  const column = body.variable(mul(mul(remainder(head, heads), headWidth), 4));
  const firstRow = body.variable(mul(quotient(head, heads), tokens));
  const q = body.variable(add(add(qkv, mul(firstRow, packed)), column));
  const k = body.variable(add(q, width));
  const v = body.variable(add(k, width));
  const joined = body.variable(add(mul(firstRow, width), column)); // in [B, T, D]
  const scores = body.variable(mul(and(add(tokens, 3), -4), 4));
  return { width, packed, q, k, v, joined, scores };
}

const sumOf = (x: V128): F32 =>
  addFloat(addFloat(laneOf(x, 0), laneOf(x, 1)), addFloat(laneOf(x, 2), laneOf(x, 3)));

/** softmax(q kᵀ scale) v; of each query the largest scaled score and the sum of exponentials, for logSumExp. */
export const ATTENTION = wasmKernel(
  "attention",
  { ...SIZES, out: "i32", most: "i32", total: "i32" },
  (body, given, { part, scratch, product }) => {
    const { tokens, headWidth, scale } = given;
    const blocks = body.variable(quotient(add(tokens, QUERIES - 1), int(QUERIES)));
    const head = body.variable(quotient(part, blocks));
    const first = body.variable(mul(remainder(part, blocks), QUERIES));
    const count = body.variable(smaller(sub(tokens, first), int(QUERIES)));
    const { width, packed, q, k, v, joined, scores } = placeOf(body, given, head);
    const own = body.variable(add(scratch, mul(scores, QUERIES)));
    const queries = body.variable(add(q, mul(first, packed)));
    const out = body.variable(add(add(given.out, joined), mul(first, width)));
    const four = int(4);
    body.call(
      product,
      ...[queries, packed, four],
      ...[k, four, packed],
      ...[scratch, scores, int(0)],
      ...[count, headWidth, tokens, own],
    );
    const row = body.variable(int(0));
    const ofQuery = body.variable(mul(add(mul(head, tokens), first), 4));
    const wide = body.variable(splat(scale));
    body.repeat(row, count, 1, () => {
      const from = body.variable(add(scratch, mul(row, scores)));
      // what fills the last four counts nothing
      const fill = body.variable(add(from, mul(tokens, 4)));
      body.repeat(fill, add(from, scores), 4, () => body.storeFloat(fill, float(-1e30)));
      const most = body.variable(quad(-1e30));
      overRow(body, scores, ({ load }) => body.set(most, max4(most, load(from))));
      const largest = body.variable(
        maxFloat(
          maxFloat(laneOf(most, 0), laneOf(most, 1)),
          maxFloat(laneOf(most, 2), laneOf(most, 3)),
        ),
      );
      body.set(most, splat(largest));
      const total = body.variable(quad(0));
      overRow(body, scores, ({ load, store }) => {
        const weight = body.variable(exp4(body, mul4(sub4(load(from), most), wide)));
        store(from, weight);
        body.set(total, add4(total, weight));
      });
      body.storeFloat(add(given.most, add(ofQuery, mul(row, 4))), mulFloat(largest, scale));
      body.storeFloat(add(given.total, add(ofQuery, mul(row, 4))), sumOf(total));
    });
    body.call(
      product,
      ...[scratch, scores, four],
      ...[v, packed, four],
      ...[out, width, int(0)],
      ...[count, tokens, headWidth, own],
    );
    body.set(row, int(0));
    body.repeat(row, count, 1, () => {
      const to = body.variable(add(out, mul(row, width)));
      const total = body.variable(loadSplat(add(given.total, add(ofQuery, mul(row, 4)))));
      overRow(body, mul(headWidth, 4), ({ load, store }) => store(to, div4(load(to), total)));
    });
  },
);

/** Gradients of q, k and v of one head, from the weights computed again. */
export const ATTENTION_GRAD = wasmKernel(
  "attentionGrad",
  { ...SIZES, out: "i32", logSumExp: "i32", dOut: "i32", dQkv: "i32" },
  (body, given, { part, scratch, product }) => {
    const { tokens, headWidth, scale } = given;
    const { width, packed, q, k, v, joined, scores } = placeOf(body, given, part);
    const four = int(4);
    const weights = scratch;
    const gains = body.variable(add(weights, mul(tokens, scores)));
    const own = body.variable(add(gains, mul(tokens, scores)));
    const out = body.variable(add(given.out, joined));
    const dOut = body.variable(add(given.dOut, joined));
    const dQ = body.variable(add(given.dQkv, sub(q, given.qkv)));
    const dK = body.variable(add(dQ, width));
    const dV = body.variable(add(dK, width));
    const rows = (a: I32, far: I32) => [a, far, four] as const;
    const turned = (a: I32, far: I32) => [a, four, far] as const;
    const into = (c: I32, far: I32) => [c, far, int(0)] as const;
    const scoreSizes = [tokens, headWidth, tokens, own] as const;
    const headSizes = [tokens, tokens, headWidth, own] as const;
    body.call(
      product,
      ...rows(q, packed),
      ...turned(k, packed),
      ...into(weights, scores),
      ...scoreSizes,
    );
    body.call(
      product,
      ...rows(dOut, width),
      ...turned(v, packed),
      ...into(gains, scores),
      ...scoreSizes,
    );
    const row = body.variable(int(0));
    const wide = body.variable(splat(scale));
    body.repeat(row, tokens, 1, () => {
      const ofRow = body.variable(mul(row, width));
      const delta = body.variable(quad(0));
      overRow(body, mul(headWidth, 4), ({ load, counted }) => {
        const both = mul4(load(add(out, ofRow)), load(add(dOut, ofRow)));
        body.set(delta, add4(delta, counted(both)));
      });
      body.set(delta, splat(sumOf(delta)));
      const log = body.variable(
        loadSplat(add(given.logSumExp, mul(add(mul(part, tokens), row), 4))),
      );
      const ofScores = body.variable(mul(row, scores));
      overRow(body, scores, ({ load, store }) => {
        const [weightAt, gainAt] = [add(weights, ofScores), add(gains, ofScores)];
        const weight = body.variable(exp4(body, sub4(mul4(load(weightAt), wide), log)));
        store(weightAt, weight);
        store(gainAt, mul4(mul4(weight, sub4(load(gainAt), delta)), wide));
      });
    });
    body.call(
      product,
      ...rows(gains, scores),
      ...rows(k, packed),
      ...into(dQ, packed),
      ...headSizes,
    );
    body.call(
      product,
      ...turned(gains, scores),
      ...rows(q, packed),
      ...into(dK, packed),
      ...headSizes,
    );
    body.call(
      product,
      ...turned(weights, scores),
      ...rows(dOut, width),
      ...into(dV, packed),
      ...headSizes,
    );
  },
);
