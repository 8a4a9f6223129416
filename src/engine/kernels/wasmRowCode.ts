import { GELU_CUBIC, GELU_SLOPE, NORMAL_HEIGHT, QUICK_GELU_SLOPE } from "./activation";
import type { RealActivation } from "./activation";
import {
  abs4,
  add,
  add4,
  addFloat,
  bySign,
  div4,
  divFloat,
  exp4,
  float,
  int,
  laneOf,
  loadSplat,
  mul,
  mul4,
  quad,
  quotient,
  remainder,
  root4,
  rootFloat,
  smaller,
  splat,
  sub,
  sub4,
  toFloat,
  type Body,
  type F32,
  type I32,
  type V128,
  type Variable,
} from "./wasmAssembler";
import { overRow, wasmKernel, type RowAccess } from "./wasmKernel";

// Each kernel computes what the WGSL of the operation of its name does. Shapes alone decide what a part is.

/** Rows of a part. */
const PART_ROWS = 32;
/** Bytes of the columns of a part of kernels that sum over rows: two cache lines. */
const PART_COLUMN_BYTES = 128;
/** Bytes of a part of kernels that go through numbers one by one. */
const PART_BYTES = 1 << 16;

export const rowParts = (rows: number): number => Math.ceil(rows / PART_ROWS);
export const columnParts = (width: number): number => Math.ceil((4 * width) / PART_COLUMN_BYTES);
export const flatParts = (size: number): number => Math.ceil((4 * size) / PART_BYTES);

type Int = Variable<"i32">;

/** The sum of four numbers. */
const sumOf = (x: Variable<"v128">): F32 =>
  addFloat(addFloat(laneOf(x, 0), laneOf(x, 1)), addFloat(laneOf(x, 2), laneOf(x, 3)));

/** Goes through the rows of a part. @param each gets a row's index */
function overRows(body: Body, part: I32, rows: I32, each: (row: Int) => void): void {
  const row = body.variable(mul(part, PART_ROWS));
  const end = body.variable(smaller(add(row, PART_ROWS), rows));
  body.repeat(row, end, 1, () => each(row));
}

/** A sum over a row as four numbers, each place of it summed on its own. */
function rowSum(body: Body, bytes: I32, of: (access: RowAccess) => V128): Variable<"v128"> {
  const sum = body.variable(quad(0));
  overRow(body, bytes, (access) => body.set(sum, add4(sum, access.counted(of(access)))));
  return sum;
}

/** What LayerNorm and the gradients of what follows it are given. `width` is in bytes, `tokens` belong to one image. */
const NORM = {
  x: "i32",
  stats: "i32",
  scale: "i32",
  width: "i32",
  tokens: "i32",
  rows: "i32",
} as const;

export const LAYER_NORM = wasmKernel(
  "layerNormModulate",
  { ...NORM, shift: "i32", y: "i32", eps: "f32" },
  (body, given, { part }) => {
    const { x, stats, width } = given;
    const columns = body.variable(divFloat(toFloat(width), float(4)));
    overRows(body, part, given.rows, (row) => {
      const from = body.variable(add(x, mul(row, width)));
      const to = body.variable(add(given.y, mul(row, width)));
      const ofBatch = body.variable(mul(quotient(row, given.tokens), width));
      const shift = body.variable(add(given.shift, ofBatch));
      const scale = body.variable(add(given.scale, ofBatch));
      const total = rowSum(body, width, ({ load }) => load(from));
      const mean = body.variable(divFloat(sumOf(total), columns));
      const middle = body.variable(splat(mean));
      const centred = body.variable(quad(0));
      const squares = rowSum(body, width, ({ load }) => {
        body.set(centred, sub4(load(from), middle));
        return mul4(centred, centred);
      });
      const variance = divFloat(sumOf(squares), columns);
      const rstd = body.variable(divFloat(float(1), rootFloat(addFloat(variance, given.eps))));
      const factor = body.variable(splat(rstd));
      overRow(body, width, ({ load, store }) => {
        const normal = mul4(sub4(load(from), middle), factor);
        store(to, add4(mul4(normal, add4(load(scale), quad(1))), load(shift)));
      });
      const statsOfRow = body.variable(add(stats, mul(row, 8)));
      body.storeFloat(statsOfRow, mean);
      body.storeFloat(statsOfRow, rstd, 4);
    });
  },
);

export const LAYER_NORM_GRAD_X = wasmKernel(
  "layerNormGradX",
  { ...NORM, dy: "i32", dx: "i32" },
  (body, given, { part }) => {
    const { x, stats, width } = given;
    const columns = body.variable(divFloat(toFloat(width), float(4)));
    overRows(body, part, given.rows, (row) => {
      const ofRow = body.variable(mul(row, width));
      const from = body.variable(add(x, ofRow));
      const slope = body.variable(add(given.dy, ofRow));
      const to = body.variable(add(given.dx, ofRow));
      const scale = body.variable(add(given.scale, mul(quotient(row, given.tokens), width)));
      const statsOfRow = body.variable(add(stats, mul(row, 8)));
      const mean = body.variable(loadSplat(statsOfRow));
      const rstd = body.variable(loadSplat(statsOfRow, 4));
      const sums = [body.variable(quad(0)), body.variable(quad(0))] as const;
      const normal = ({ load }: RowAccess) => mul4(sub4(load(from), mean), rstd);
      const dNormal = ({ load }: RowAccess) => mul4(load(slope), add4(load(scale), quad(1)));
      overRow(body, width, (access) => {
        const dn = body.variable(access.counted(dNormal(access)));
        body.set(sums[0], add4(sums[0], dn));
        body.set(sums[1], add4(sums[1], mul4(dn, normal(access))));
      });
      const [meanDn, meanDnN] = sums.map((sum) =>
        body.variable(splat(divFloat(sumOf(sum), columns))),
      ) as [Variable<"v128">, Variable<"v128">];
      overRow(body, width, (access) => {
        const across = sub4(sub4(dNormal(access), meanDn), mul4(normal(access), meanDnN));
        access.store(to, mul4(rstd, across));
      });
    });
  },
);

/** Rows of one partial sum: a long float32 sum would lose digits. */
const SUM_ROWS = 64;

/**
 * Sums over rows of a batch element, by columns: goes through the columns of a part.
 * @param each adds a row to the sums. It gets the row's index and the column's bytes from the start of the row
 */
function columnSums(
  body: Body,
  { part, width, tokens }: { readonly part: I32; readonly width: Int; readonly tokens: I32 },
  outputs: readonly Int[],
  each: (access: RowAccess, row: Int, column: Int) => readonly V128[],
): void {
  const parts = quotient(add(width, PART_COLUMN_BYTES - 1), int(PART_COLUMN_BYTES));
  const batch = body.variable(quotient(part, parts));
  const column = body.variable(mul(remainder(part, parts), PART_COLUMN_BYTES));
  const bytes = body.variable(smaller(sub(width, column), int(PART_COLUMN_BYTES)));
  const start = body.variable(mul(batch, tokens));
  const end = body.variable(add(start, tokens));
  const ofBatch = body.variable(add(mul(batch, width), column));
  const row = body.variable(start);
  const blockEnd = body.variable(start);
  overRow(body, bytes, (access) => {
    const sums = outputs.map(() => body.variable(quad(0)));
    const totals = outputs.map(() => body.variable(quad(0)));
    for (const total of totals) body.set(total, quad(0)); // loops come here again
    body.set(row, start);
    const block = body.variable(start);
    body.repeat(block, end, SUM_ROWS, () => {
      body.set(blockEnd, smaller(add(block, SUM_ROWS), end));
      for (const sum of sums) body.set(sum, quad(0));
      body.repeat(row, blockEnd, 1, () => {
        each(access, row, column).forEach((x, i) => {
          const sum = sums[i];
          if (sum) body.set(sum, add4(sum, x));
        });
      });
      totals.forEach((total, i) => body.set(total, add4(total, sums[i] ?? total)));
    });
    outputs.forEach((output, i) => {
      const total = totals[i];
      if (total) access.store(add(output, ofBatch), total);
    });
  });
}

export const LAYER_NORM_GRAD_MOD = wasmKernel(
  "layerNormGradMod",
  { x: "i32", stats: "i32", width: "i32", tokens: "i32", dy: "i32", dShift: "i32", dScale: "i32" },
  (body, given, { part }) => {
    const { x, dy, stats, width, tokens } = given;
    columnSums(
      body,
      { part, width, tokens },
      [given.dShift, given.dScale],
      ({ load }, row, column) => {
        const at = body.variable(add(mul(row, width), column));
        const statsOfRow = body.variable(add(stats, mul(row, 8)));
        const slope = body.variable(load(add(dy, at)));
        const centred = sub4(load(add(x, at)), loadSplat(statsOfRow));
        return [slope, mul4(slope, mul4(centred, loadSplat(statsOfRow, 4)))];
      },
    );
  },
);

export const GATED_RESIDUAL = wasmKernel(
  "gatedResidual",
  { x: "i32", gate: "i32", update: "i32", y: "i32", width: "i32", tokens: "i32", rows: "i32" },
  (body, given, { part }) => {
    const { width } = given;
    overRows(body, part, given.rows, (row) => {
      const ofRow = body.variable(mul(row, width));
      const gate = body.variable(add(given.gate, mul(quotient(row, given.tokens), width)));
      overRow(body, width, ({ load, store }) => {
        const at = (base: I32) => add(base, ofRow);
        store(at(given.y), add4(load(at(given.x)), mul4(load(gate), load(at(given.update)))));
      });
    });
  },
);

export const GATED_RESIDUAL_GRAD = wasmKernel(
  "gatedResidualGrad",
  {
    dy: "i32",
    gate: "i32",
    update: "i32",
    dUpdate: "i32",
    dGate: "i32",
    width: "i32",
    tokens: "i32",
  },
  (body, given, { part }) => {
    const { dy, width, tokens } = given;
    columnSums(body, { part, width, tokens }, [given.dGate], ({ load, store }, row, column) => {
      const at = body.variable(add(mul(row, width), column));
      const gate = add(given.gate, add(mul(quotient(row, tokens), width), column));
      const slope = body.variable(load(add(dy, at)));
      store(add(given.dUpdate, at), mul4(load(gate), slope));
      return [mul4(slope, load(add(given.update, at)))];
    });
  },
);

/** Columns summed: x [rows, width in bytes]. */
export const SUM_ROWS_KERNEL = wasmKernel(
  "sumRows",
  { x: "i32", out: "i32", width: "i32", rows: "i32" },
  (body, { x, out, width, rows }, { part }) => {
    columnSums(body, { part, width, tokens: rows }, [out], ({ load }, row, column) => [
      load(add(x, add(mul(row, width), column))),
    ]);
  },
);

/** Goes through the numbers of a part of `bytes` bytes. */
function overPart(body: Body, part: I32, bytes: I32, each: (access: RowAccess, at: Int) => void) {
  const at = body.variable(mul(part, PART_BYTES));
  overRow(body, smaller(sub(bytes, at), int(PART_BYTES)), (access) => each(access, at));
}

const gateOf = (body: Body, u: V128): V128 =>
  div4(quad(1), add4(quad(1), exp4(body, sub4(quad(0), u))));

/** The normal density over its height. */
const bell = (body: Body, a: V128): V128 => exp4(body, mul4(mul4(a, a), quad(-0.5)));

/** Abramowitz and Stegun 7.1.26, as in activation.ts. */
function normalOf(body: Body, a: Variable<"v128">, density: V128): V128 {
  const t = body.variable(
    div4(quad(1), add4(quad(1), mul4(abs4(a), quad(0.3275911 * Math.SQRT1_2)))),
  );
  const series = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592]
    .map((factor) => quad(factor))
    .reduce((sum, factor) => add4(mul4(sum, t), factor));
  const tail = body.variable(mul4(mul4(quad(0.5), mul4(series, t)), density));
  return bySign(a, tail, sub4(quad(1), tail));
}

/** f(a) and f'(a) of an activation a s(a). */
function activationOf(body: Body, kind: RealActivation, a: Variable<"v128">) {
  if (kind === "gelu") {
    const density = body.variable(bell(body, a));
    const s = body.variable(normalOf(body, a, density));
    return {
      y: () => mul4(a, s),
      slope: () => add4(s, mul4(mul4(a, quad(NORMAL_HEIGHT)), density)),
    };
  }
  const square = () => mul4(a, a);
  const [u, slopeOfU] = {
    silu: [() => a, () => quad(1)],
    "quick-gelu": [() => mul4(a, quad(QUICK_GELU_SLOPE)), () => quad(QUICK_GELU_SLOPE)],
    "gelu-tanh": [
      () => mul4(a, add4(mul4(square(), quad(GELU_SLOPE * GELU_CUBIC)), quad(GELU_SLOPE))),
      () => add4(mul4(square(), quad(3 * GELU_SLOPE * GELU_CUBIC)), quad(GELU_SLOPE)),
    ],
  }[kind] as [() => V128, () => V128];
  const s = body.variable(gateOf(body, u()));
  return {
    y: () => mul4(a, s),
    slope: () => add4(s, mul4(mul4(a, sub4(s, mul4(s, s))), slopeOfU())),
  };
}

const activationKernels = (kind: RealActivation) => ({
  /** y = f(x). */
  forward: wasmKernel(
    `activate ${kind}`,
    { x: "i32", y: "i32", bytes: "i32" },
    (body, { x, y, bytes }, { part }) => {
      overPart(body, part, bytes, ({ load, store }, at) => {
        const a = body.variable(load(add(x, at)));
        store(add(y, at), activationOf(body, kind, a).y());
      });
    },
  ),
  /** dx = dy f'(x); dx may be dy. */
  backward: wasmKernel(
    `activate gradient ${kind}`,
    { dy: "i32", x: "i32", dx: "i32", bytes: "i32" },
    (body, { dy, x, dx, bytes }, { part }) => {
      overPart(body, part, bytes, ({ load, store }, at) => {
        const a = body.variable(load(add(x, at)));
        store(add(dx, at), mul4(load(add(dy, at)), activationOf(body, kind, a).slope()));
      });
    },
  ),
});

export const ACTIVATIONS = {
  gelu: activationKernels("gelu"),
  "gelu-tanh": activationKernels("gelu-tanh"),
  "quick-gelu": activationKernels("quick-gelu"),
  silu: activationKernels("silu"),
} satisfies Readonly<Record<RealActivation, unknown>>;

/** One AdamW update of a tensor. What is a number of the whole update is an address as well. */
export const ADAMW = wasmKernel(
  "adamW",
  {
    ...{ p: "i32", m: "i32", v: "i32", g: "i32", newP: "i32", newM: "i32", newV: "i32" },
    ...{ scale: "i32", keepFirst: "i32", beta2: "i32", keepSecond: "i32", rate: "i32", eps: "i32" },
    ...{ keep: "i32", bytes: "i32" },
  },
  (body, given, { part }) => {
    const wide = (address: I32) => body.variable(loadSplat(address));
    const [scale, rate, eps, keep] = [
      wide(given.scale),
      wide(given.rate),
      wide(given.eps),
      wide(given.keep),
    ];
    const [keepFirst, beta2, keepSecond] = [
      wide(given.keepFirst),
      wide(given.beta2),
      wide(given.keepSecond),
    ];
    overPart(body, part, given.bytes, ({ load, store }, at) => {
      const read = (base: I32) => load(add(base, at));
      const g = body.variable(mul4(read(given.g), scale));
      const m = body.variable(read(given.m));
      const first = body.variable(add4(m, mul4(sub4(g, m), keepFirst)));
      const second = body.variable(add4(mul4(read(given.v), beta2), mul4(mul4(g, g), keepSecond)));
      const direction = div4(first, add4(root4(second), eps));
      store(add(given.newP, at), sub4(mul4(read(given.p), keep), mul4(direction, rate)));
      store(add(given.newM, at), first);
      store(add(given.newV, at), second);
    });
  },
);

/** average + (p - average) rate; `rate` is an address. */
export const BLEND = wasmKernel(
  "blend",
  { average: "i32", p: "i32", y: "i32", rate: "i32", bytes: "i32" },
  (body, { average, p, y, rate, bytes }, { part }) => {
    const factor = body.variable(loadSplat(rate));
    overPart(body, part, bytes, ({ load, store }, at) => {
      const before = body.variable(load(add(average, at)));
      store(add(y, at), add4(before, mul4(sub4(load(add(p, at)), before), factor)));
    });
  },
);

/** Sum of squares of each part, to `partials`. */
export const SUM_SQUARES = wasmKernel(
  "sumSquares",
  { x: "i32", bytes: "i32", partials: "i32" },
  (body, { x, bytes, partials }, { part }) => {
    const sum = body.variable(quad(0));
    overPart(body, part, bytes, ({ load }, at) => {
      const value = body.variable(load(add(x, at))); // zeros beside a single number count nothing
      body.set(sum, add4(sum, mul4(value, value)));
    });
    body.storeFloat(add(partials, mul(part, 4)), sumOf(sum));
  },
);

export const ROW_KERNELS = [
  LAYER_NORM,
  LAYER_NORM_GRAD_X,
  LAYER_NORM_GRAD_MOD,
  GATED_RESIDUAL,
  GATED_RESIDUAL_GRAD,
  SUM_ROWS_KERNEL,
  ADAMW,
  BLEND,
  SUM_SQUARES,
  ...Object.values(ACTIVATIONS).flatMap(({ forward, backward }) => [forward, backward]),
];
