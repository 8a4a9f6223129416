import { defaultDevice, init, jit, numpy as np } from "@jax-js/jax";
import { PRODUCTS, type MeasuredProduct } from "../../src/engine/bench/matmulPeak";

/** jax-js' own matmul on one of its devices; undefined where that does not start. */
export async function jaxProduct(device: "wasm" | "webgpu"): Promise<MeasuredProduct | undefined> {
  const started = await init(device);
  if (!started.includes(device)) return undefined;
  defaultDevice(device);
  return {
    name: `jax-js ${device}`,
    open: (side) => {
      const filled = (value: number) =>
        np.array(new Float32Array(side * side).fill(value), { shape: [side, side] });
      const [a, b] = [filled(0.5), filled(0.25)];
      const product = jit((x: np.Array, y: np.Array) => np.matmul(x, y));
      const run = async () => {
        const products = Array.from({ length: PRODUCTS }, () => product(a.ref, b.ref));
        for (const result of products) await result.blockUntilReady();
        for (const result of products) result.dispose();
      };
      const close = () => {
        a.dispose();
        b.dispose();
        product.dispose();
      };
      return Promise.resolve({ run, close });
    },
  };
}
