import { Activate, ActivateGrad } from "../kernels/activateOp";
import type { Activation } from "../kernels/activation";
import { Attention, AttentionGrad } from "../kernels/attentionOp";
import { CosineLoss, CosineLossGrad } from "../kernels/cosineLossOp";
import { GatedResidual, GatedResidualGrad } from "../kernels/gatedResidualOp";
import { Interpolate } from "../kernels/interpolateOp";
import { LabelEmbed, LabelEmbedGrad } from "../kernels/labelEmbedOp";
import { LayerNormAffine } from "../kernels/layerNormAffineOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "../kernels/layerNormModulateOp";
import {
  Linear,
  LinearActivated,
  LinearChunks,
  LinearGradW,
  LinearGradX,
} from "../kernels/linearOp";
import { QkNorm, QkNormGrad } from "../kernels/qkNormOp";
import { VelocityLoss, VelocityLossGrad } from "../kernels/velocityLossOp";
import { upload } from "../kernels/lazyOperand";
import { CHECK_CASES, type CheckCase } from "../kernels/selfCheckCases";
import { caseOf, selfCheckCase, type Family, type KernelCase } from "./kernelCase";
import { computed, integers, normals } from "./operands";

/**
 * Rows, inputs and outputs of a linear map: several tiles and a part of one; sums long enough to be split, over inputs,
 * outputs and rows; odd; divided by four; single ones.
 */
const PRODUCT_SIZES = [
  [130, 72, 132],
  [20, 520, 516],
  [70, 33, 67],
  [300, 20, 36],
  [20, 12, 36],
  [1, 1, 3],
] as const;
/** Every activation on the first three; the others only without one. */
const ACTIVATED_SIZES = 3;
const ACTIVATIONS = ["silu", "gelu-tanh", "quick-gelu", "gelu"] as const;

function linearCases(): KernelCase[] {
  return PRODUCT_SIZES.flatMap(([m, k, n], i) => {
    const activations: readonly Activation[] = [
      "none",
      ...(i < ACTIVATED_SIZES ? ACTIVATIONS : []),
    ];
    const [x, weight, bias] = [
      normals("x", [m, k]),
      normals("weight", [n, k]),
      normals("bias", [n]),
    ];
    // gradients of a mean over rows: float16 products count on their size (gradientScale in kernels/linearOp.ts)
    const dy = normals("dy", [m, n], 1 / m);
    const ofGradient = { unit: 1 / m };
    const forward = activations.map((activation) =>
      activation === "none"
        ? caseOf(Linear, { x, weight, bias }, {}, "product")
        : caseOf(LinearActivated, { x, weight, bias }, { activation }, "product"),
    );
    const gradX = activations.map((activation) => {
      const pre = activation === "none" ? {} : { pre: normals("pre", [m, k]) };
      return caseOf(LinearGradX, { dy, weight, ...pre }, { activation }, "product", ofGradient);
    });
    const gradW = caseOf(LinearGradW, { dy, x, weight, bias }, {}, "product", ofGradient);
    return [...forward, ...gradX, gradW];
  });
}

/** adaLN's six columns as tensors of their own. */
const chunkCases = (): KernelCase[] =>
  [8, 33].map((rows) =>
    caseOf(
      LinearChunks,
      { x: normals("x", [rows, 16]), weight: normals("w", [48, 16]), bias: normals("b", [48]) },
      { count: 6 },
      "product",
    ),
  );

/** Images, tokens, heads and width of a head: the models', the widest, odd ones, single ones. */
const ATTENTION_SIZES = [
  [2, 64, 2, 32],
  [1, 257, 2, 64],
  [1, 70, 1, 72],
  [1, 20, 1, 128],
  [2, 17, 3, 3],
  [1, 1, 1, 4],
] as const;

function attentionCases(): KernelCase[] {
  return ATTENTION_SIZES.flatMap(([b, t, h, d]) => {
    const attrs = { numHeads: h };
    const qkv = normals("qkv", [b, t, 3 * h * d]);
    const kept = () => Attention.twin({ qkv: upload(qkv, "R3") }, attrs);
    const out = computed([b, t, h * d], () => kept().out);
    const logSumExp = computed([b, h, t], () => kept().logSumExp);
    const dOut = normals("dOut", [b, t, h * d]);
    const [qWeight, qBias] = [normals("qWeight", [d]), normals("qBias", [d])];
    const norms = {
      qWeight,
      qBias,
      kWeight: normals("kWeight", [d]),
      kBias: normals("kBias", [d]),
    };
    const normAttrs = { ...attrs, eps: 1e-5 };
    const dNormed = normals("dNormed", [b, t, 3 * h * d]);
    return [
      caseOf(Attention, { qkv }, attrs, "kind"),
      caseOf(AttentionGrad, { qkv, out, logSumExp, dOut }, attrs, "kind", { tolerance: 8e-6 }),
      caseOf(QkNorm, { qkv, ...norms }, normAttrs, "kind"),
      caseOf(QkNormGrad, { dNormed, qkv, ...norms }, normAttrs, "kind", { tolerance: 8e-6 }),
    ];
  });
}

/** Images, tokens, width. */
const TOKEN_SIZES = [
  [3, 70, 260],
  [2, 17, 30],
  [1, 1, 3],
] as const;

function tokenCases(): KernelCase[] {
  const eps = 1e-6;
  return TOKEN_SIZES.flatMap(([b, t, d]) => {
    const tokens = (name: string) => normals(name, [b, t, d]);
    const perImage = (name: string) => normals(name, [b, d]);
    const stats = normals("stats", [b, t, 2]);
    const [x, dy, scale] = [tokens("x"), tokens("dy"), perImage("scale")];
    return [
      caseOf(LayerNormModulate, { x, shift: perImage("shift"), scale }, { eps }, "kind"),
      caseOf(LayerNormModulateGradX, { dy, x, stats, scale }, {}, "kind"),
      caseOf(LayerNormModulateGradMod, { dy, x, stats }, {}, "kind"),
      caseOf(
        LayerNormAffine,
        { x: normals("x", [b * t, d]), weight: normals("weight", [d]), bias: normals("bias", [d]) },
        { eps },
        "kind",
      ),
      caseOf(GatedResidual, { x, gate: perImage("gate"), update: tokens("update") }, {}, "kind"),
      caseOf(
        GatedResidualGrad,
        { dy, gate: perImage("gate"), update: tokens("update") },
        {},
        "kind",
      ),
    ];
  });
}

function elementCases(): KernelCase[] {
  return [
    [300, 64],
    [7, 3, 5],
  ].flatMap((shape) => [
    ...ACTIVATIONS.flatMap((activation) => [
      caseOf(Activate, { x: normals("x", shape) }, { activation }, "kind"),
      caseOf(
        ActivateGrad,
        { dy: normals("dy", shape), x: normals("x", shape) },
        { activation },
        "kind",
      ),
    ]),
    caseOf(
      Interpolate,
      {
        xStar: normals("xStar", shape),
        eps: normals("eps", shape),
        coefficients: normals("coefficients", [shape[0] ?? 1, 4]),
      },
      {},
      "kind",
    ),
  ]);
}

function lossCases(): KernelCase[] {
  const dLoss = normals("dLoss", []);
  const velocity = [
    [33, 16, 16, 4],
    [3, 4, 7, 101],
  ].flatMap((shape) => {
    const [found, target] = [normals("velocity", shape), normals("target", shape)];
    return [
      caseOf(VelocityLoss, { velocity: found, target }, {}, "kind"),
      caseOf(VelocityLossGrad, { dLoss, velocity: found, target }, {}, "kind"),
    ];
  });
  const cosine = [
    [16, 64, 192],
    [3, 5, 7],
  ].flatMap((shape) => {
    const [b = 0, t = 0] = shape;
    const [features, projected] = [normals("features", shape), normals("projected", shape)];
    const stats = computed([b * t, 3], () => {
      const operands = { features: upload(features, "R3"), projected: upload(projected, "R3") };
      return CosineLoss.twin(operands, {}).stats;
    });
    return [
      caseOf(CosineLoss, { features, projected }, {}, "kind"),
      caseOf(CosineLossGrad, { dLoss, features, projected, stats }, {}, "kind"),
    ];
  });
  return [...velocity, ...cosine];
}

/** Labels that repeat, and ones that name no class. */
function labelCases(): KernelCase[] {
  const labels = integers([2, 0, 2, 4, -1, 9, 2]);
  return [64, 33].flatMap((width) => {
    const table = normals("table", [11, width]);
    return [
      caseOf(LabelEmbed, { table, labels }, {}, "kind"),
      caseOf(LabelEmbedGrad, { dy: normals("dy", [7, width]), labels, table }, {}, "kind"),
    ];
  });
}

/** Every operation with a kernel, on shapes that reach past its tiles. */
export function kernelCases(): readonly KernelCase[] {
  const wide = [
    ...linearCases(),
    ...chunkCases(),
    ...attentionCases(),
    ...tokenCases(),
    ...elementCases(),
    ...lossCases(),
    ...labelCases(),
  ];
  const covered = new Set(wide.map(({ operation }) => operation));
  const others = (cases: readonly CheckCase[], family: Family) =>
    cases
      .filter(({ operation }) => !covered.has(operation))
      .map((one) => selfCheckCase(one, family));
  const { products, byKind, fixed } = CHECK_CASES;
  return [...wide, ...others(products, "product"), ...others([...byKind, ...fixed], "kind")];
}
