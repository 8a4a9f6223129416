import { randomNormal, randomUniform } from "../../common/math/rng";

/**
 * Initial values as float32 arrays. Each parameter draws from its own stream, named after it, so adding
 * or removing one never changes the others.
 */
export interface InitKey {
  readonly seed: number;
  readonly name: string;
}

const streamOf = ({ seed, name }: InitKey) => ({ seed, stream: `init/${name}` });

/** Xavier uniform over ±sqrt(6 / (fanIn + fanOut)). @source torch.nn.init.xavier_uniform_ */
export function xavierUniform(
  key: InitKey,
  count: number,
  fanIn: number,
  fanOut: number,
): Float32Array {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return randomUniform(streamOf(key), count).map((u) => (2 * u - 1) * bound);
}

/** Kaiming uniform with a = sqrt(5), torch's default for linear and convolution weights: ±1/sqrt(fanIn). */
export function torchDefaultUniform(key: InitKey, count: number, fanIn: number): Float32Array {
  const bound = 1 / Math.sqrt(fanIn);
  return randomUniform(streamOf(key), count).map((u) => (2 * u - 1) * bound);
}

/** Normal with mean 0. */
export const normalInit = (key: InitKey, count: number, std: number): Float32Array =>
  randomNormal(streamOf(key), count).map((x) => x * std);
