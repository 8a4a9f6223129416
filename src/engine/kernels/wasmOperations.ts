import { util, type KernelConfig, type TensorInfo } from "@tensorflow/tfjs-core";
import type { RealActivation } from "./activation";
import { Activate, ActivateGrad } from "./activateOp";
import { Attention, AttentionGrad } from "./attentionOp";
import { GatedResidual, GatedResidualGrad } from "./gatedResidualOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulateOp";
import { Linear, LinearActivated, LinearChunks, LinearGradW, LinearGradX } from "./linearOp";
import {
  kernelOf,
  type InfosOf,
  type NamedAttrs,
  type NamedOutputs,
  type NamedTensors,
  type TwinOperation,
} from "./operation";
import { AdamWUpdate, Blend, GlobalNorm } from "./updateOps";
import {
  ATTENTION,
  ATTENTION_GRAD,
  attentionParts,
  backwardScratch,
  forwardScratch,
} from "./wasmAttentionCode";
import type { WasmBackend } from "./wasmBackend";
import { addressOf, placed, placedProduct } from "./wasmMatMul";
import { poolOf } from "./wasmPool";
import {
  ACTIVATIONS,
  ADAMW,
  BLEND,
  columnParts,
  flatParts,
  GATED_RESIDUAL,
  GATED_RESIDUAL_GRAD,
  LAYER_NORM,
  LAYER_NORM_GRAD_MOD,
  LAYER_NORM_GRAD_X,
  rowParts,
  SUM_ROWS_KERNEL,
  SUM_SQUARES,
} from "./wasmRowCode";

const FLOAT_BYTES = 4;

const onWasm = <
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: TwinOperation<Inputs, Outputs, Attrs>,
  compute: (backend: WasmBackend, inputs: InfosOf<Inputs>, attrs: Attrs) => InfosOf<Outputs>,
): KernelConfig =>
  kernelOf(operation, "wasm", (backend, inputs, attrs) =>
    compute(backend as WasmBackend, inputs, attrs),
  );

const make = (backend: WasmBackend, shape: readonly number[]) =>
  backend.makeOutput([...shape], "float32");

/** Sizes of [B, T, D] as the kernels take them. */
function rowsOf({ shape: [batch = 0, tokens = 0, width = 0] }: TensorInfo) {
  return {
    sizes: { width: width * FLOAT_BYTES, tokens },
    rows: batch * tokens,
    shape: [batch, tokens, width] as const,
    parts: rowParts(batch * tokens),
    sumParts: batch * columnParts(width),
  };
}

// ---- linear maps

/** x Wᵀ + b for `outDim` rows of the weight from `first` on. */
function linear(
  backend: WasmBackend,
  { x, weight, bias }: Readonly<Record<"x" | "weight" | "bias", TensorInfo>>,
  first = 0,
  outDim = weight.shape[0] ?? 0,
): TensorInfo {
  const [m = 0, k = 0] = x.shape;
  const y = make(backend, [m, outDim]);
  const rowsAt = addressOf(backend, weight) + first * k * FLOAT_BYTES;
  const matrices = [
    placed(addressOf(backend, x), [m, k]),
    placed(rowsAt, [outDim, k], true),
    placed(addressOf(backend, y), [m, outDim]),
  ] as const;
  const biasAt = addressOf(backend, bias) + first * FLOAT_BYTES;
  placedProduct(backend, matrices, { m, k, n: outDim }, biasAt);
  return y;
}

/** y = f(x), where they have one shape. */
function activate(backend: WasmBackend, x: TensorInfo, activation: RealActivation): TensorInfo {
  const y = make(backend, x.shape);
  const size = util.sizeFromShape(x.shape);
  poolOf(backend).run(
    ACTIVATIONS[activation].forward,
    { x: addressOf(backend, x), y: addressOf(backend, y), bytes: size * FLOAT_BYTES },
    flatParts(size),
  );
  return y;
}

/** dx = dy f'(x); `dx` may be `dy`. */
function activateGradient(
  backend: WasmBackend,
  { dy, x, dx }: Readonly<Record<"dy" | "x" | "dx", TensorInfo>>,
  activation: RealActivation,
): void {
  const size = util.sizeFromShape(x.shape);
  const values = {
    dy: addressOf(backend, dy),
    x: addressOf(backend, x),
    dx: addressOf(backend, dx),
  };
  const kernel = ACTIVATIONS[activation].backward;
  poolOf(backend).run(kernel, { ...values, bytes: size * FLOAT_BYTES }, flatParts(size));
}

function product(
  backend: WasmBackend,
  [a, b]: readonly [TensorInfo, TensorInfo],
  transposeA: boolean,
): TensorInfo {
  const [rowsA = 0, columnsA = 0] = a.shape;
  const [k = 0, n = 0] = b.shape;
  const m = transposeA ? columnsA : rowsA;
  const c = make(backend, [m, n]);
  const matrices = [
    placed(addressOf(backend, a), [rowsA, columnsA], transposeA),
    placed(addressOf(backend, b), [k, n]),
    placed(addressOf(backend, c), [m, n]),
  ] as const;
  placedProduct(backend, matrices, { m, k, n });
  return c;
}

const LINEAR = [
  onWasm(Linear, (backend, inputs) => ({ y: linear(backend, inputs) })),
  onWasm(LinearActivated, (backend, inputs, { activation }) => {
    const pre = linear(backend, inputs);
    return { y: activate(backend, pre, activation), pre };
  }),
  onWasm(LinearChunks, (backend, inputs, { count }) => {
    const chunk = (inputs.weight.shape[0] ?? 0) / count;
    const chunks = Array.from({ length: count }, (_, i) =>
      linear(backend, inputs, i * chunk, chunk),
    );
    return { chunks };
  }),
  onWasm(LinearGradX, (backend, { dy, weight, pre }, { activation }) => {
    const dx = product(backend, [dy, weight], false);
    if (pre && activation !== "none") {
      activateGradient(backend, { dy: dx, x: pre, dx }, activation);
    }
    return { dx };
  }),
  onWasm(LinearGradW, (backend, { dy, x }) => {
    const dWeight = product(backend, [dy, x], true);
    const [rows = 0, width = 0] = dy.shape;
    const dBias = make(backend, [width]);
    poolOf(backend).run(
      SUM_ROWS_KERNEL,
      {
        x: addressOf(backend, dy),
        out: addressOf(backend, dBias),
        width: width * FLOAT_BYTES,
        rows,
      },
      columnParts(width),
    );
    return { dWeight, dBias };
  }),
  onWasm(Activate, (backend, { x }, { activation }) => ({
    y: activate(backend, x, activation),
  })),
  onWasm(ActivateGrad, (backend, { dy, x }, { activation }) => {
    const dx = make(backend, x.shape);
    activateGradient(backend, { dy, x, dx }, activation);
    return { dx };
  }),
];

// ---- norms and gates

const addresses = <Name extends string>(
  backend: WasmBackend,
  infos: Readonly<Record<Name, TensorInfo>>,
) =>
  Object.fromEntries(
    Object.entries<TensorInfo>(infos).map(([name, info]) => [name, addressOf(backend, info)]),
  ) as Record<Name, number>;

const ROWS = [
  onWasm(LayerNormModulate, (backend, { x, shift, scale }, { eps }) => {
    const { sizes, rows, shape, parts } = rowsOf(x);
    const y = make(backend, shape);
    const stats = make(backend, [shape[0], shape[1], 2]);
    const values = addresses(backend, { x, shift, scale, y, stats });
    poolOf(backend).run(LAYER_NORM, { ...values, ...sizes, rows, eps }, parts);
    return { y, stats };
  }),
  onWasm(LayerNormModulateGradX, (backend, { dy, x, stats, scale }) => {
    const { sizes, rows, shape, parts } = rowsOf(x);
    const dx = make(backend, shape);
    const values = addresses(backend, { dy, x, stats, scale, dx });
    poolOf(backend).run(LAYER_NORM_GRAD_X, { ...values, ...sizes, rows }, parts);
    return { dx };
  }),
  onWasm(LayerNormModulateGradMod, (backend, { dy, x, stats }) => {
    const { sizes, shape, sumParts } = rowsOf(x);
    const [dShift, dScale] = [
      make(backend, [shape[0], shape[2]]),
      make(backend, [shape[0], shape[2]]),
    ];
    const values = addresses(backend, { dy, x, stats, dShift, dScale });
    poolOf(backend).run(LAYER_NORM_GRAD_MOD, { ...values, ...sizes }, sumParts);
    return { dShift, dScale };
  }),
  onWasm(GatedResidual, (backend, { x, gate, update }) => {
    const { sizes, rows, shape, parts } = rowsOf(x);
    const y = make(backend, shape);
    const values = addresses(backend, { x, gate, update, y });
    poolOf(backend).run(GATED_RESIDUAL, { ...values, ...sizes, rows }, parts);
    return { y };
  }),
  onWasm(GatedResidualGrad, (backend, { dy, gate, update }) => {
    const { sizes, shape, sumParts } = rowsOf(dy);
    const dUpdate = make(backend, shape);
    const dGate = make(backend, [shape[0], shape[2]]);
    const values = addresses(backend, { dy, gate, update, dUpdate, dGate });
    poolOf(backend).run(GATED_RESIDUAL_GRAD, { ...values, ...sizes }, sumParts);
    return { dUpdate, dGate };
  }),
];

// ---- attention

/** Sizes of packed qkv [B, T, 3D]. */
function headsOf({ shape: [batch = 0, tokens = 0, width3 = 0] }: TensorInfo, heads: number) {
  const width = width3 / 3;
  const headWidth = width / heads;
  return {
    values: { tokens, heads, headWidth, scale: headWidth ** -0.5 },
    ...{ batch, tokens, width, headWidth },
  };
}

const ATTENTIONS = [
  onWasm(Attention, (backend, { qkv }, { numHeads }) => {
    const { values, batch, tokens, width, headWidth } = headsOf(qkv, numHeads);
    const out = make(backend, [batch, tokens, width]);
    const logSumExp = make(backend, [batch, numHeads, tokens]);
    const total = make(backend, [batch, numHeads, tokens]);
    const places = addresses(backend, { qkv, out, most: logSumExp, total });
    const parts = batch * numHeads * attentionParts(tokens);
    const scratch = forwardScratch(tokens, headWidth);
    poolOf(backend).run(ATTENTION, { ...places, ...values }, parts, scratch);
    const logs = backend.typedArrayFromHeap(logSumExp);
    const sums = backend.typedArrayFromHeap(total);
    for (let i = 0; i < logs.length; i++) logs[i] = (logs[i] ?? 0) + Math.log(sums[i] ?? 1);
    backend.disposeData(total.dataId);
    return { out, logSumExp };
  }),
  onWasm(AttentionGrad, (backend, { qkv, out, logSumExp, dOut }, { numHeads }) => {
    const { values, batch, tokens, headWidth } = headsOf(qkv, numHeads);
    const dQkv = make(backend, qkv.shape);
    const places = addresses(backend, { qkv, out, logSumExp, dOut, dQkv });
    const scratch = backwardScratch(tokens, headWidth);
    poolOf(backend).run(ATTENTION_GRAD, { ...places, ...values }, batch * numHeads, scratch);
    return { dQkv };
  }),
];

// ---- the optimiser

const sizeOf = ({ shape }: TensorInfo) => util.sizeFromShape(shape);

const UPDATES = [
  onWasm(AdamWUpdate, (backend, inputs) => {
    const { shape } = inputs.p;
    const outputs = {
      newP: make(backend, shape),
      newM: make(backend, shape),
      newV: make(backend, shape),
    };
    const size = sizeOf(inputs.p);
    // without decay `keep` is 1, and a number times 1 is itself
    const values = addresses(backend, { ...inputs, ...outputs });
    poolOf(backend).run(ADAMW, { ...values, bytes: size * FLOAT_BYTES }, flatParts(size));
    return outputs;
  }),
  onWasm(Blend, (backend, { average, p, rate }) => {
    const y = make(backend, p.shape);
    const values = addresses(backend, { average, p, rate, y });
    poolOf(backend).run(BLEND, { ...values, bytes: sizeOf(p) * FLOAT_BYTES }, flatParts(sizeOf(p)));
    return { y };
  }),
  onWasm(GlobalNorm, (backend, inputs) => {
    const infos = Object.values(inputs);
    const partials = make(backend, [Math.max(1, ...infos.map((info) => flatParts(sizeOf(info))))]);
    let sum = 0;
    for (const info of infos) {
      const parts = flatParts(sizeOf(info));
      const values = addresses(backend, { x: info, partials });
      poolOf(backend).run(SUM_SQUARES, { ...values, bytes: sizeOf(info) * FLOAT_BYTES }, parts);
      const sums = backend.typedArrayFromHeap(partials);
      for (let part = 0; part < parts; part++) sum += sums[part] ?? 0;
    }
    backend.disposeData(partials.dataId);
    const norm = make(backend, []);
    backend.typedArrayFromHeap(norm)[0] = Math.sqrt(sum);
    return { norm };
  }),
];

/** Kernels of operations on wasm, as tfjs' registry takes them. */
export const WASM_OPERATIONS: readonly KernelConfig[] = [
  ...LINEAR,
  ...ROWS,
  ...ATTENTIONS,
  ...UPDATES,
];
