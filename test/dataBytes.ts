import * as tf from "@tensorflow/tfjs-core";

/** The two places where tfjs' engine learns of a tensor's data and forgets it. */
interface DataTracking {
  trackTensor: (tensor: tf.Tensor, ...rest: unknown[]) => void;
  removeDataId: (dataId: object, ...rest: unknown[]) => void;
}

export interface DataBytes {
  /** Bytes of the data made since the start that is still held, each counted once. */
  readonly held: () => number;
  readonly peak: () => number;
}

/**
 * Counts bytes of data while `run` runs. tf.memory().numBytes counts every tensor, so a clone, which costs
 * nothing, as much as what it was cloned from; this counts buffers.
 */
export function countDataBytes<T>(run: (bytes: DataBytes) => T): T {
  const engine = tf.engine() as unknown as DataTracking;
  const { trackTensor, removeDataId } = engine;
  const known = tf.engine().state.tensorInfo;
  const made = new Map<object, number>();
  let [held, peak] = [0, 0];
  engine.trackTensor = function (tensor, ...rest) {
    if (!known.has(tensor.dataId)) {
      const bytes = tensor.size * 4;
      made.set(tensor.dataId, bytes);
      held += bytes;
      peak = Math.max(peak, held);
    }
    trackTensor.call(this, tensor, ...rest);
  };
  engine.removeDataId = function (dataId, ...rest) {
    held -= made.get(dataId) ?? 0;
    made.delete(dataId);
    removeDataId.call(this, dataId, ...rest);
  };
  try {
    return run({ held: () => held, peak: () => peak });
  } finally {
    Object.assign(engine, { trackTensor, removeDataId });
  }
}

/** f's value, with `onStart` called when the first gradient is asked for: all that is kept is then held. */
export function atBackwardStart(f: () => tf.Tensor, onStart: () => void): tf.Tensor {
  const op = tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy) => {
      onStart();
      return tf.clone(dy);
    },
  }));
  return op(f());
}
