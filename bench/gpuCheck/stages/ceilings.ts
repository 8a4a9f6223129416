import * as tf from "@tensorflow/tfjs-core";
import { TUNINGS } from "../../../src/engine/kernels/chooseTuning";
import type { MatMulTuning } from "../../../src/engine/kernels/device";
import { Linear, LinearGradW, LinearGradX } from "../../../src/engine/kernels/linearOp";
import { run as runOperation } from "../../../src/engine/kernels/operation";
import type { StudioBackend } from "../../../src/engine/kernels/studioBackend";
import { tuningName } from "../../../src/engine/kernels/tuningName";
import type { Figures, Stage, StageContext, StageEnd } from "../stage";
import { startStudio, type CheckedDevice } from "./device";

/** Which product of a linear map: forward, gradient of its input, gradient of its weight. */
type Layout = "forward" | "gradX" | "gradW";

export interface ProductRate {
  readonly backend: "studio" | "tfjs";
  readonly tile: string;
  readonly precision: "float32" | "float16";
  readonly layout: Layout;
  /** Rows, inputs and outputs of the linear map. */
  readonly sizes: readonly [number, number, number];
  /** The side of a square product. */
  readonly side?: number;
  readonly gflops: number;
  readonly ms: number;
}

export interface CeilingFigures {
  readonly adapter: string;
  readonly software: boolean;
  /** Buffer to buffer, reading and writing counted: 10^9 bytes a second; null when not measured. */
  readonly copyGBs: number | null;
  readonly products: readonly ProductRate[];
  readonly gpuErrors: readonly string[];
}

const SQUARES = [256, 512, 1024, 2048, 4096] as const;
/** The products that a step is made of, Nano's (batch 32 of 64 tokens) and S/2's (batch 32 of 256), first of an MLP. */
const STEP_SIZES = [
  [2048, 128, 512],
  [8192, 384, 1536],
] as const;
const LAYOUTS: readonly Layout[] = ["forward", "gradX", "gradW"];

/** A larger square is not tried after one that took so long. */
const ENOUGH_MS = 150;
/** Products a burst until it takes about so long: the wait at its end is then small. */
const BURST_MS = 40;
const ROUNDS = 3;

/** Milliseconds of one call of `encode`, the best of a few bursts, after one call that compiles. */
async function timed(
  backend: StudioBackend,
  clockMs: () => number,
  encode: () => void,
): Promise<number> {
  const burst = async (count: number) => {
    const start = clockMs();
    for (let i = 0; i < count; i++) tf.tidy(encode);
    backend.flush();
    await backend.queue.onSubmittedWorkDone();
    return (clockMs() - start) / count;
  };
  await burst(1);
  const once = await burst(2);
  const count = Math.max(1, Math.min(200, Math.round(BURST_MS / once)));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await burst(count));
  return best;
}

function encoder(layout: Layout, [rows, inputs, outputs]: ProductRate["sizes"]) {
  const [x, dy] = [
    tf.fill<tf.Rank.R2>([rows, inputs], 0.5),
    tf.fill<tf.Rank.R2>([rows, outputs], 0.5),
  ];
  const [weight, bias] = [
    tf.fill<tf.Rank.R2>([outputs, inputs], 0.25),
    tf.zeros<tf.Rank.R1>([outputs]),
  ];
  const encode = () => {
    if (layout === "forward") {
      runOperation(Linear, { x, weight, bias }, {});
    } else if (layout === "gradX") {
      runOperation(LinearGradX, { dy, weight }, { activation: "none" });
    } else runOperation(LinearGradW, { dy, x, weight, bias }, {});
  };
  return { encode, close: () => tf.dispose([x, dy, weight, bias]) };
}

async function productRate(
  { backend }: CheckedDevice,
  context: StageContext,
  setting: { readonly tuning: MatMulTuning; readonly float16: boolean },
  layout: Layout,
  sizes: ProductRate["sizes"],
): Promise<ProductRate> {
  Object.assign(backend, { tuning: setting.tuning, mixedPrecision: setting.float16 });
  const { encode, close } = encoder(layout, sizes);
  const ms = await timed(backend, context.clockMs, encode);
  close();
  const [m, k, n] = sizes;
  return {
    backend: "studio",
    tile: tuningName(setting.tuning),
    precision: setting.float16 ? "float16" : "float32",
    layout,
    sizes,
    ...(m === k && k === n && { side: m }),
    ms,
    gflops: (2 * m * k * n) / ms / 1e6,
  };
}

async function plainRate({ backend }: CheckedDevice, context: StageContext, side: number) {
  const [a, b] = [tf.fill<tf.Rank.R2>([side, side], 0.5), tf.fill<tf.Rank.R2>([side, side], 0.25)];
  const ms = await timed(backend, context.clockMs, () => void tf.matMul(a, b));
  tf.dispose([a, b]);
  return {
    backend: "tfjs",
    tile: "tfjs' own",
    precision: "float32",
    layout: "forward",
    sizes: [side, side, side],
    side,
    ms,
    gflops: (2 * side ** 3) / ms / 1e6,
  } as const satisfies ProductRate;
}

const COPY_BYTES = 256 * 2 ** 20;
const SOFTWARE_COPY_BYTES = 32 * 2 ** 20;

async function copyRate(
  { backend, software }: CheckedDevice,
  { clockMs }: StageContext,
): Promise<number> {
  const size = software ? SOFTWARE_COPY_BYTES : COPY_BYTES;
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffers = [0, 1].map(() => backend.device.createBuffer({ size, usage }));
  const [from, to] = buffers as [GPUBuffer, GPUBuffer];
  const burst = async (count: number) => {
    const commands = backend.device.createCommandEncoder();
    for (let i = 0; i < count; i++) commands.copyBufferToBuffer(from, 0, to, 0, size);
    const start = clockMs();
    backend.queue.submit([commands.finish()]);
    await backend.queue.onSubmittedWorkDone();
    return (clockMs() - start) / count;
  };
  await burst(1);
  const count = Math.max(1, Math.min(100, Math.round(BURST_MS / (await burst(2)))));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await burst(count));
  for (const buffer of buffers) buffer.destroy();
  return (2 * size) / best / 1e6;
}

async function run(context: StageContext): Promise<StageEnd> {
  const device = await startStudio(context);
  const { opened, software, gpuErrors, backend } = device;
  const products: ProductRate[] = [];
  let copyGBs: number | null = null;
  const write = () =>
    context.write({
      adapter: opened.adapterName,
      software,
      copyGBs,
      products,
      gpuErrors,
    } satisfies CeilingFigures);
  let slowestMs = 0;
  let lastMs = context.clockMs();
  // what was slowest may come again (compiling, on a software adapter): this process is ended when it is late
  const late = () => context.clockMs() + slowestMs > context.deadlineMs;
  copyGBs = await copyRate(device, context);
  context.log(`device copy: ${copyGBs.toFixed(0)} GB/s`);
  const add = (rate: ProductRate) => {
    products.push(rate);
    write();
    slowestMs = Math.max(slowestMs, context.clockMs() - lastMs);
    lastMs = context.clockMs();
    const { tile, precision, layout, sizes, gflops } = rate;
    context.log(
      `${tile}, ${precision}, ${layout} ${sizes.join("x")}: ${gflops.toFixed(1)} GFLOP/s`,
    );
    return rate;
  };
  const float16 = opened.device.features.has("shader-f16");
  const settings = TUNINGS.flatMap((tuning) =>
    (float16 ? [false, true] : [false]).map((half) => ({ tuning, float16: half })),
  );
  const sides = software ? SQUARES.slice(0, 1) : SQUARES;
  for (const side of sides) {
    if (late()) break;
    if (add(await plainRate(device, context, side)).ms > ENOUGH_MS) break;
  }
  for (const side of sides) {
    // every tile at one side before the next side: a time that ends early leaves whole rows
    for (const setting of settings) {
      const slow = products.some(
        ({ tile, precision, ms }) =>
          tile === tuningName(setting.tuning) &&
          precision === (setting.float16 ? "float16" : "float32") &&
          ms > ENOUGH_MS,
      );
      if (!slow && !late()) {
        add(await productRate(device, context, setting, "forward", [side, side, side]));
      }
    }
  }
  for (const sizes of software ? STEP_SIZES.slice(0, 1) : STEP_SIZES) {
    for (const layout of LAYOUTS) {
      for (const setting of settings) {
        if (!late()) add(await productRate(device, context, setting, layout, sizes));
      }
    }
  }
  backend.trim();
  write();
  return late()
    ? { status: "incomplete", problem: "Its time ended before every size was measured." }
    : { status: "done" };
}

/** Rates as a table: a row a tile and precision, a column a size. */
function rateTable(products: readonly ProductRate[]): string[] {
  const columnOf = ({ side, layout, sizes }: ProductRate) =>
    side === undefined ? `${layout} ${sizes.join("x")}` : `${side}²`;
  const rowOf = ({ tile, precision }: ProductRate) => `${tile}, ${precision}`;
  const columns = [...new Set(products.map(columnOf))];
  const rows = [...new Set(products.map(rowOf))];
  const first = Math.max(...rows.map((row) => row.length), 0);
  const cell = (row: string, column: string) => {
    const found = products.find((rate) => rowOf(rate) === row && columnOf(rate) === column);
    return (found ? found.gflops.toFixed(found.gflops < 100 ? 1 : 0) : "").padStart(
      Math.max(column.length, 8),
    );
  };
  return [
    `${"GFLOP/s".padEnd(first)}  ${columns.map((column) => column.padStart(8)).join("  ")}`,
    ...rows.map(
      (row) => `${row.padEnd(first)}  ${columns.map((column) => cell(row, column)).join("  ")}`,
    ),
  ];
}

function lines(figures: Figures): string[] {
  const { adapter, copyGBs, products, gpuErrors } = figures as unknown as Partial<CeilingFigures>;
  if (!adapter) return [];
  return [
    adapter,
    `device copy (read and write): ${copyGBs?.toFixed(0) ?? "not measured"} GB/s`,
    ...rateTable(products ?? []),
    ...(gpuErrors ?? []).map((message) => `GPU error: ${message}`),
  ];
}

export const ceilings: Stage = {
  title: "how quick are copies and products?",
  weight: 10,
  run,
  lines,
};
