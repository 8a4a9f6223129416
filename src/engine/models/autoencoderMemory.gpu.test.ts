import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { KlArchitecture } from "../../common/catalogue/autoencoders";
import { decodeMemory, encodeMemory, type PassMemory } from "../../common/config/autoencoderMemory";
import { submitPerDispatch } from "../kernels/submitPerDispatch";
import { currentStudioBackend } from "../kernels/studioBackend";
import { decode, encodeMoments } from "./autoencoderKl";
import { initAutoencoderKl } from "./autoencoderKlInit";

const ARCHITECTURE: KlArchitecture = {
  kind: "kl",
  blockOutChannels: [16, 32, 32],
  layersPerBlock: 1,
  normNumGroups: 8,
};
const ROW = { architecture: ARCHITECTURE, latentChannels: 4, factor: 4 };
const SIDE = 64;
/** Means, scales and uniforms, and weights uploaded at their first use. */
const SMALL = 300_000;

/** Bytes the device gives out for `pass`, whose input and weights it has already. */
async function allocated(pass: () => tf.TensorContainer): Promise<number> {
  const backend = currentStudioBackend();
  const bytes = () => backend?.memory().numBytesAllocatedInGPU ?? NaN;
  backend?.trim();
  const before = bytes();
  const made = submitPerDispatch(() => tf.tidy(pass));
  await Promise.all(
    tf.util.flatten([Object.values(made as object)]).map((y) => (y as tf.Tensor).data()),
  );
  const after = bytes();
  tf.dispose(made);
  return after - before;
}

test("on WebGPU a pass takes no more than is counted, weights left out", async () => {
  const config = { ...ARCHITECTURE, latentChannels: 4, scalingFactor: 1 };
  const params = initAutoencoderKl(config, 0);
  const x = tf.zeros<tf.Rank.R4>([1, SIDE, SIDE, 3]);
  const z = tf.zeros<tf.Rank.R4>([1, SIDE / 4, SIDE / 4, 4]);
  const passes: [PassMemory, () => tf.TensorContainer][] = [
    [encodeMemory(ROW, 1, SIDE), () => ({ ...encodeMoments(params, config, x) })],
    [decodeMemory(ROW, 1, SIDE), () => ({ y: decode(params, config, z) })],
  ];
  for (const [, pass] of passes) await allocated(pass); // uploads
  for (const [counted, pass] of passes) {
    const bytes = await allocated(pass);
    expect(bytes).toBeLessThanOrEqual(counted.pooledBytes + SMALL);
    expect(bytes).toBeGreaterThan(0.5 * counted.pooledBytes);
  }
  tf.dispose([x, z, ...Object.values(params)]);
});
