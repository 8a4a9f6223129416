import type { BackendValues, TensorInfo } from "@tensorflow/tfjs-core";
import { VIEW_ALIGNMENT } from "./device";
import { internalError } from "./internalError";
import { bufferOf, byteSize, FLOAT_BYTES, readBuffer } from "./tensorMemory";
import { TfjsWebGpu } from "./tfjsWebGpu";

/** tfjs' WebGPU backend with views: tensors that are a part of a buffer, which belongs to another tensor or a caller. */
export class ViewBackend extends TfjsWebGpu {
  /** A tensor on `parent` from element `offset` (a multiple of 64) on; it keeps the parent alive. */
  view(parent: TensorInfo, offset: number, shape: readonly number[]): TensorInfo {
    if (offset % VIEW_ALIGNMENT !== 0) {
      throw internalError(
        `A view cannot start at element ${offset}: not a multiple of ${VIEW_ALIGNMENT}.`,
      );
    }
    const whole = this.memoryOf(parent);
    this.incRef(parent.dataId);
    const start = whole.offset + offset * FLOAT_BYTES;
    return this.bufferView(whole.buffer, start, shape, parent.dataId);
  }

  /** A tensor on a part of a buffer that the caller owns and that outlives it; `offset` in bytes. */
  bufferView(
    buffer: GPUBuffer,
    offset: number,
    shape: readonly number[],
    parent?: object,
  ): TensorInfo {
    const info = this.makeTensorInfo([...shape], "float32");
    Object.assign(this.tensorMap.get(info.dataId), {
      resource: buffer,
      external: true,
      offset,
      ...(parent && { parent }),
    });
    return info;
  }

  /** Whether two tensors are the same memory. */
  sharesMemory(a: TensorInfo, b: TensorInfo): boolean {
    const [one, other] = [this.tensorMap.get(a.dataId), this.tensorMap.get(b.dataId)];
    return bufferOf(one) === bufferOf(other) && one.offset === other.offset;
  }

  /** Submits what is encoded so far. */
  flush(): void {
    this.endComputePassEncoder();
    if (this.commandEncoder) this.submitQueue();
  }

  /** Bytes of a buffer, after everything encoded so far. */
  async readBuffer(buffer: GPUBuffer, offset: number, size: number): Promise<ArrayBuffer> {
    this.flush();
    return readBuffer(this.device, buffer, offset, size);
  }

  /** Kernels of tfjs ask here for their operands. tfjs itself would bind the whole buffer under a view. */
  override tensorToBinding(info: TensorInfo | null): GPUBindingResource | null {
    return info && this.bindingOf(info);
  }

  /** A view holds its parent, so that disposing the view gives up the hold. */
  override disposeData(dataId: object, force = false): boolean {
    const parent = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId).parent : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && parent) this.disposeData(parent);
    return gone;
  }

  /**
   * tfjs itself would read the whole buffer under a view, and would keep the values, although the buffer changes
   * without the view being told.
   */
  override async read(dataId: object): Promise<BackendValues> {
    const data = this.tensorMap.get(dataId);
    if (data.offset === undefined) return super.read(dataId);
    const bytes = await this.readBuffer(bufferOf(data), data.offset, byteSize(data));
    return new Float32Array(bytes);
  }

  /** How a tensor is bound. Its buffer may be larger: under a view, and in a plan (PlanPool). */
  protected bindingOf(info: TensorInfo): GPUBufferBinding {
    const data = this.tensorMap.get(info.dataId);
    if (data.parent) this.commandQueueOwnedIds.add(data.parent);
    return { buffer: bufferOf(data), offset: data.offset ?? 0, size: byteSize(data) };
  }

  /** Where a tensor is, uploaded or allocated when it was not yet; in bytes. */
  protected memoryOf({ dataId }: TensorInfo) {
    this.uploadToGPU(dataId);
    const data = this.tensorMap.get(dataId);
    return { buffer: bufferOf(data), offset: data.offset ?? 0, size: byteSize(data) };
  }
}
