import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { isSoftwareAdapter } from "../../common/gpu/softwareAdapter";
import { breakKernel } from "../../../test/breakKernel";
import type { MatMulTuning } from "./device";
import { LayerNormModulate } from "./layerNormModulateOp";
import { Linear, LinearGradW } from "./linearOp";
import { registeredOperations } from "./register";
import { createSelfCheck } from "./selfCheck";
import { CHECK_CASES, type CheckCases } from "./selfCheckCases";
import { SHARED_TILES } from "./sharedTile";
import { oneTile } from "./sharedTuning";
import { currentStudioBackend, type StudioBackend } from "./studioBackend";
import { VelocityLoss } from "./velocityLossOp";

function backend(): StudioBackend {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  return current;
}

/** What compiles quickly on software adapters. */
const REGISTER: MatMulTuning = { kind: "register", tile: [4, 4] };
const STEPS: MatMulTuning = { kind: "register", tile: [4, 4], dots: false };
const [FIRST_TILE, SECOND_TILE = FIRST_TILE] = SHARED_TILES;
const SHARED: MatMulTuning = oneTile(FIRST_TILE);
const [FIRST_BY_KIND] = CHECK_CASES.byKind;
const QUICK: CheckCases = {
  ...CHECK_CASES,
  byKind: CHECK_CASES.byKind.filter(({ operation }) => !operation.includes("Attention")),
};
const ONLY_KIND: CheckCases = {
  products: [],
  byKind: FIRST_BY_KIND ? [FIRST_BY_KIND] : [],
  fixed: [],
};

const named = (found: readonly { readonly operation: string }[]) =>
  found.map(({ operation }) => operation);

test("every registered operation is checked", () => {
  const checked = new Set(named(Object.values(CHECK_CASES).flat()));
  expect(checked).toEqual(new Set(registeredOperations()));
});

test("this device's kernels agree with their twins, and nothing is left", async () => {
  const before = tf.memory().numTensors;
  const software = isSoftwareAdapter(backend().device.adapterInfo);
  const check = createSelfCheck(backend(), software ? QUICK : CHECK_CASES);
  const { tuning, mixedPrecision } = backend();
  expect(await check.fixed()).toEqual([]);
  const kinds = software ? [REGISTER] : [REGISTER, SHARED];
  for (const kind of kinds) expect(await check.tuning(kind, "float32")).toEqual([]);
  expect(tf.getBackend()).toBe("webgpu");
  expect(tf.memory().numTensors).toBe(before);
  expect(backend()).toMatchObject({ tuning, mixedPrecision });
});

test("float16 products stay within what rounding explains", async ({ skip }) => {
  skip(!backend().features.has("shader-f16"), "This adapter has no shader-f16.");
  expect(await createSelfCheck(backend()).tuning(REGISTER, "float16")).toEqual([]);
});

test("a kernel that is wrong in float16 alone is found there and nowhere else", async ({
  skip,
}) => {
  skip(!backend().features.has("shader-f16"), "This adapter has no shader-f16.");
  breakKernel(Linear, (device) => device.mixedPrecision);
  const check = createSelfCheck(backend(), QUICK);
  expect(named(await check.tuning(REGISTER, "float32"))).toEqual([]);
  const found = await check.tuning(REGISTER, "float16");
  expect(new Set(named(found))).toEqual(new Set([Linear.name]));
  expect(found[0]?.reason).toBe("off by 1");
});

test("one broken tile is found, and the next one is not blamed", async () => {
  breakKernel(LinearGradW, ({ tuning }) => tuning.kind === "register" && tuning.dots === false);
  const check = createSelfCheck(backend(), QUICK);
  expect(new Set(named(await check.tuning(STEPS, "float32")))).toEqual(new Set([LinearGradW.name]));
  expect(await check.tuning(REGISTER, "float32")).toEqual([]);
});

test("what only the kind of the tiles changes is found for every tile of the kind", async () => {
  breakKernel(LayerNormModulate, (device) => device.tuning.kind === "shared");
  const check = createSelfCheck(backend(), ONLY_KIND);
  for (const tile of [FIRST_TILE, SECOND_TILE]) {
    const found = await check.tuning(oneTile(tile), "float32");
    expect(named(found)).toEqual([LayerNormModulate.name]);
  }
  expect(await check.tuning(REGISTER, "float32")).toEqual([]);
});

test("an operation without tiles is found; its twin, which is right, is not", async () => {
  breakKernel(VelocityLoss, () => true);
  const check = createSelfCheck(backend());
  expect(named(await check.fixed())).toEqual([VelocityLoss.name]);
  tf.unregisterKernel(VelocityLoss.name, "webgpu");
  expect(await check.twins(new Set([VelocityLoss.name]))).toEqual([]);
});

test("a program that does not compile is a finding, and no uncaptured error", async () => {
  const uncaptured: string[] = [];
  const listen = ({ error }: GPUUncapturedErrorEvent) => void uncaptured.push(error.message);
  backend().device.addEventListener("uncapturederror", listen);
  breakKernel(Linear, (device) => {
    const result = device.makeTensorInfo([1], "float32");
    device.dispatch(
      {
        name: "nonsense",
        variant: "",
        workgroupSize: [1, 1, 1],
        outputs: { y: "f32" },
        inputs: {},
        uniforms: { n: "u32" },
        body: "y[0] = no_such_thing;",
      },
      { outputs: [result], inputs: [], uniforms: [0], workgroups: [1, 1, 1] },
    );
    device.disposeData(result.dataId);
    return false;
  });
  const check = createSelfCheck(backend(), QUICK);
  const found = await check.tuning(REGISTER, "float32");
  expect(new Set(named(found))).toEqual(new Set([Linear.name]));
  expect(found[0]?.reason).toContain("no_such_thing");
  backend().device.removeEventListener("uncapturederror", listen);
  expect(uncaptured).toEqual([]);
});
