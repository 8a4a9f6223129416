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

/** Uniform over ±bound. */
function boundedUniform(key: InitKey, count: number, bound: number): Float32Array {
  const values = randomUniform(streamOf(key), count);
  for (let i = 0; i < count; i++) values[i] = (2 * (values[i] ?? 0) - 1) * bound;
  return values;
}

/** Xavier uniform over ±sqrt(6 / (fanIn + fanOut)). @source torch.nn.init.xavier_uniform_ */
export function xavierUniform(
  key: InitKey,
  count: number,
  fanIn: number,
  fanOut: number,
): Float32Array {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return boundedUniform(key, count, bound);
}

/** Kaiming uniform with a = sqrt(5), torch's default for linear and convolution weights: ±1/sqrt(fanIn). */
export function torchDefaultUniform(key: InitKey, count: number, fanIn: number): Float32Array {
  const bound = 1 / Math.sqrt(fanIn);
  return boundedUniform(key, count, bound);
}

/** Normal with mean 0. */
export const normalInit = (key: InitKey, count: number, std: number): Float32Array =>
  randomNormal(streamOf(key), count).map((x) => x * std);
