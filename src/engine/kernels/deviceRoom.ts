/** The parts of a device that are used here. */
export type AllocatingDevice = Pick<
  GPUDevice,
  "createBuffer" | "pushErrorScope" | "popErrorScope"
> & {
  readonly limits: Pick<GPUSupportedLimits, "maxBufferSize">;
};

/** Bytes of one buffer of the trial. */
const PIECE_BYTES = 2 ** 28;
const ALIGNMENT = 4;

/**
 * Whether a device gives so many bytes at once. Buffers are made and destroyed again; nothing is written to them, so
 * that a driver that promises more than it has is not found out.
 */
export async function hasRoom(device: AllocatingDevice, bytes: number): Promise<boolean> {
  const most = Math.min(PIECE_BYTES, device.limits.maxBufferSize);
  const buffers: GPUBuffer[] = [];
  device.pushErrorScope("out-of-memory");
  for (let left = bytes; left > 0; left -= most) {
    const size = Math.ceil(Math.min(left, most) / ALIGNMENT) * ALIGNMENT;
    buffers.push(device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
  }
  const fault = await device.popErrorScope();
  for (const buffer of buffers) buffer.destroy();
  return fault === null;
}
