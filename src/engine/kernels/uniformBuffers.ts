/** Uniform buffers by their content. A step's values repeat from step to step, so that later steps upload none. */
export class UniformBuffers {
  /** Bytes of all buffers. */
  bytes = 0;
  private readonly buffers = new Map<string, GPUBuffer>();

  constructor(private readonly device: GPUDevice) {}

  /** A buffer that holds `content`, a multiple of four bytes; nobody may write to it. */
  holding(content: ArrayBuffer): GPUBuffer {
    const key = new Uint32Array(content).join();
    const known = this.buffers.get(key);
    if (known) return known;
    const buffer = this.device.createBuffer({
      size: content.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.device.queue.writeBuffer(buffer, 0, content);
    this.buffers.set(key, buffer);
    this.bytes += content.byteLength;
    return buffer;
  }
}
