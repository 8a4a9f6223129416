import * as tf from "@tensorflow/tfjs-core";
import { internalError } from "./internalError";
import type { TensorData } from "./tfjsWebGpu";

export const FLOAT_BYTES = 4;

/** Bytes of a tensor. Every type that tfjs puts on a GPU has four bytes a number. */
export const byteSize = ({ shape }: Pick<TensorData, "shape">): number =>
  FLOAT_BYTES * tf.util.sizeFromShape(shape);

/** The buffer of a tensor that was uploaded or allocated. @throws StudioError INTERNAL when it has none */
export function bufferOf({ resource, shape }: Pick<TensorData, "resource" | "shape">): GPUBuffer {
  if (resource) return resource;
  throw internalError(`A tensor [${shape.join(", ")}] has no memory on the GPU.`);
}

/** Bytes of a buffer, after everything that was submitted before. `offset` and `size` are in bytes. */
export async function readBuffer(
  device: GPUDevice,
  buffer: GPUBuffer,
  offset: number,
  size: number,
): Promise<ArrayBuffer> {
  const staging = device.createBuffer({
    size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}
