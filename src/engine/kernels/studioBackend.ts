import * as tf from "@tensorflow/tfjs-core";
import type { BackendValues, TensorInfo } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { Command, Recording } from "./commands";
import { VIEW_ALIGNMENT, type Dispatch, type MatMulTuning, type StudioDevice } from "./device";
import { PlanPool, type Lifetime } from "./planPool";
import { programKey, uniformBytes, wgslOf, type ComputeProgram } from "./program";
import {
  TfjsWebGpu,
  type BufferPool,
  type PassEncoder,
  type TensorData,
  type UniformField,
} from "./tfjsWebGpu";

const FLOAT_BYTES = 4;

/** tfjs' setting: dispatches encoded before they are submitted. */
const SUBMIT_BATCH = "WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE";

/** Until the adapter was measured (chooseTuning): the best of them on SwiftShader, which is never measured. */
const DEFAULT_TUNING: MatMulTuning = { kind: "register", tile: [16, 8], dots: true };

/** GPU time of one dispatch. */
export interface KernelTime {
  readonly name: string;
  readonly ms: number;
}

/** Where the flat gradients of parameters are, by the parameter's data. */
export type GradientPlaces = ReadonlyMap<object, { buffer: GPUBuffer; offset: number }>;

interface Recorder {
  readonly commands: Command[];
  readonly signature: string[];
  /** Pipelines by first use, to name tfjs' own ones in the signature. */
  readonly pipelines: Map<GPUComputePipeline, number>;
  readonly pool: BufferPool;
}

interface Profiler {
  readonly names: string[];
  readonly querySet: GPUQuerySet;
  readonly capacity: number;
}

/** Dispatches a profile can hold; WebGPU allows 4096 queries in a set, two a dispatch. */
const PROFILE_CAPACITY = 2048;

/**
 * tfjs' WebGPU backend on a device of our own, with what fused kernels need: programs of several outputs, views
 * into flat buffers, recording of a step's commands, GPU time by kernel. Stock kernels run on it unchanged.
 */
export class StudioBackend extends TfjsWebGpu implements StudioDevice {
  readonly isStudioDevice = true;
  readonly features: ReadonlySet<string>;
  tuning: MatMulTuning = DEFAULT_TUNING;
  mixedPrecision = false;
  /** Whether products in float16 may be asked for: the device has it, and nobody found them wrong. */
  float16: boolean;
  private places: GradientPlaces = new Map();
  private readonly claimed = new Set<object>();
  private readonly uniforms = new Map<string, GPUBuffer>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private recorder: Recorder | undefined;
  private profiler: Profiler | undefined;
  /** Keys of the programs that a dry run asks for. */
  private needed: Set<string> | undefined;
  /** Bytes of buffers outside the pool: flat state, uniforms, recorded plans. */
  private ownBytes = 0;

  constructor(device: GPUDevice, info?: GPUAdapterInfo) {
    super(device, info);
    this.features = device.features;
    this.float16 = device.features.has("shader-f16");
  }

  // ---- programs

  dispatch(program: ComputeProgram, { outputs, inputs, uniforms, workgroups }: Dispatch): void {
    const key = programKey(program);
    for (const info of [...outputs, ...inputs]) this.uploadToGPU(info.dataId);
    const layout = this.layoutOf(program);
    const pipeline = (this.pipelineCache[key] ??= this.pipelineOf(program, layout));
    if (compileOnly()) {
      this.needed?.add(key);
      return;
    }
    if (pipeline instanceof Promise) {
      throw new StudioError(
        "INTERNAL",
        `The GPU program ${key} is still being compiled.`,
        "Wait for the compilation before the first step.",
      );
    }
    const operands = [...outputs, ...inputs];
    const uniform = this.uniformBuffer(uniformBytes(program, uniforms));
    const resources = [...operands.map((info) => this.bindingOf(info)), { buffer: uniform }];
    const bindGroup = this.device.createBindGroup({
      layout,
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    for (const { dataId } of operands) this.commandQueueOwnedIds.add(dataId);
    this.recorder?.signature.push(`${key} (${uniforms.join(",")})`);
    this.ensureCommandEncoderReady();
    const pass = this.computePassEncoder;
    if (!pass) return;
    if (pass instanceof StudioPass) pass.name = program.name;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
    this.dispatchCountInPass++;
    if (this.dispatchCountInPass >= tf.env().getNumber(SUBMIT_BATCH)) {
      this.flush();
    }
  }

  private layoutOf(program: ComputeProgram): GPUBindGroupLayout {
    const outputs = Object.keys(program.outputs).length;
    const inputs = Object.keys(program.inputs).length;
    const key = `${outputs},${inputs}`;
    const known = this.layouts.get(key);
    if (known) return known;
    const types = [
      ...Array<GPUBufferBindingType>(outputs).fill("storage"),
      ...Array<GPUBufferBindingType>(inputs).fill("read-only-storage"),
      "uniform" as const,
    ];
    const layout = this.device.createBindGroupLayout({
      entries: types.map((type, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
      })),
    });
    this.layouts.set(key, layout);
    return layout;
  }

  private pipelineOf(program: ComputeProgram, layout: GPUBindGroupLayout) {
    const module = this.device.createShaderModule({
      label: programKey(program),
      code: wgslOf(program),
    });
    const descriptor: GPUComputePipelineDescriptor = {
      label: program.name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    };
    return compileOnly()
      ? this.device.createComputePipelineAsync(descriptor)
      : this.device.createComputePipeline(descriptor);
  }

  /** Uniforms by their bytes: values repeat from step to step, so that a step uploads none. */
  private uniformBuffer(bytes: ArrayBuffer): GPUBuffer {
    const key = new Uint32Array(bytes).join();
    const known = this.uniforms.get(key);
    if (known) return known;
    const buffer = this.device.createBuffer({
      size: bytes.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.queue.writeBuffer(buffer, 0, bytes);
    this.uniforms.set(key, buffer);
    this.ownBytes += bytes.byteLength;
    return buffer;
  }

  // ---- views

  view(parent: TensorInfo, offset: number, shape: readonly number[]): TensorInfo {
    if (offset % VIEW_ALIGNMENT !== 0) {
      throw new StudioError(
        "INTERNAL",
        `A view cannot start at element ${offset}: not a multiple of ${VIEW_ALIGNMENT}.`,
        "This is a fault of the program: please report it with the share link of the run.",
      );
    }
    this.uploadToGPU(parent.dataId);
    const data = this.tensorMap.get(parent.dataId);
    this.incRef(parent.dataId);
    const start = (data.offset ?? 0) + offset * FLOAT_BYTES;
    return this.bufferView(bufferOf(data), start, shape, parent.dataId);
  }

  /** A tensor on a part of a buffer that the caller owns and outlives it; `offset` in bytes. */
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

  /** Stock kernels ask here for their operands. */
  override tensorToBinding(info: TensorInfo | null): GPUBindingResource | null {
    return info && this.bindingOf(info);
  }

  private bindingOf(info: TensorInfo): GPUBufferBinding {
    const data = this.tensorMap.get(info.dataId);
    // while a step is recorded a buffer may be larger than its tensor
    if (data.offset === undefined) {
      return { buffer: bufferOf(data), ...(this.recorder && { size: byteSize(data) }) };
    }
    if (data.parent) this.commandQueueOwnedIds.add(data.parent);
    return { buffer: bufferOf(data), offset: data.offset, size: byteSize(data) };
  }

  override disposeData(dataId: object, force = false): boolean {
    const parent = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId).parent : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && parent) this.disposeData(parent);
    return gone;
  }

  /** A view's buffer changes under it, so that its values are never kept. */
  override async read(dataId: object): Promise<BackendValues> {
    const data = this.tensorMap.get(dataId);
    if (data.offset === undefined) return super.read(dataId);
    const bytes = await this.readBuffer(bufferOf(data), data.offset, byteSize(data));
    return new Float32Array(bytes);
  }

  /** Bytes of a buffer, after everything encoded so far. */
  async readBuffer(buffer: GPUBuffer, offset: number, size: number): Promise<ArrayBuffer> {
    const staging = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    this.flush();
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    return bytes;
  }

  copy(from: TensorInfo, to: TensorInfo): void {
    this.uploadToGPU(from.dataId);
    this.uploadToGPU(to.dataId);
    const [source, target] = [this.tensorMap.get(from.dataId), this.tensorMap.get(to.dataId)];
    const command = {
      kind: "copy",
      from: bufferOf(source),
      fromOffset: source.offset ?? 0,
      to: bufferOf(target),
      toOffset: target.offset ?? 0,
      size: byteSize(source),
    } as const;
    if (compileOnly()) return;
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    this.commandEncoder?.copyBufferToBuffer(
      command.from,
      command.fromOffset,
      command.to,
      command.toOffset,
      command.size,
    );
    for (const { dataId } of [from, to]) this.commandQueueOwnedIds.add(dataId);
    this.recorder?.commands.push(command);
    this.recorder?.signature.push(`copy ${command.size}`);
  }

  /** Zeros everywhere in a tensor. */
  clear(target: TensorInfo): void {
    this.uploadToGPU(target.dataId);
    if (compileOnly()) return;
    const data = this.tensorMap.get(target.dataId);
    const command = {
      kind: "clear",
      buffer: bufferOf(data),
      offset: data.offset ?? 0,
      size: byteSize(data),
    } as const;
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    this.commandEncoder?.clearBuffer(command.buffer, command.offset, command.size);
    this.commandQueueOwnedIds.add(target.dataId);
    this.recorder?.commands.push(command);
    this.recorder?.signature.push(`clear ${command.size}`);
  }

  /**
   * Writes numbers, or a tensor of the same size, into an allocated tensor. Numbers (and a tensor that was not
   * uploaded yet) go straight to the queue: submit what is encoded before.
   */
  fill(target: TensorInfo, source: TensorInfo | Float32Array | Int32Array): void {
    const data = this.tensorMap.get(target.dataId);
    const values = "dataId" in source ? this.tensorMap.get(source.dataId).values : source;
    if (values instanceof Float32Array || values instanceof Int32Array) {
      const bytes = values as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
      this.queue.writeBuffer(bufferOf(data), data.offset ?? 0, bytes);
    } else if ("dataId" in source) this.copy(source, target);
  }

  // ---- gradients in place

  /** From here on, gradients of these parameters are written to their places, each once a step. */
  placeGradients(places: GradientPlaces): void {
    this.places = places;
    this.claimed.clear();
  }

  gradientOf(parameter: TensorInfo): TensorInfo {
    const place = this.places.get(parameter.dataId);
    // a parameter used twice has two gradients that tfjs adds: the second must not overwrite the first
    if (!place || this.claimed.has(parameter.dataId)) {
      return this.makeTensorInfo([...parameter.shape], "float32");
    }
    this.claimed.add(parameter.dataId);
    return this.bufferView(place.buffer, place.offset, parameter.shape);
  }

  /** Whether two tensors are the same memory. */
  sharesMemory(a: TensorInfo, b: TensorInfo): boolean {
    const [one, other] = [this.tensorMap.get(a.dataId), this.tensorMap.get(b.dataId)];
    return bufferOf(one) === bufferOf(other) && one.offset === other.offset;
  }

  // ---- recording

  /**
   * Runs `step` and keeps what it encoded. Its buffers come from a pool of their own, which the caller disposes
   * when the recording is no longer replayed.
   * @param foreseen lifetimes of the same step's buffers when it ran before: with them it takes less memory
   */
  record<T>(
    step: () => T,
    foreseen?: readonly Lifetime[],
  ): { result: T; recording: Recording; pool: PlanPool } {
    this.flush();
    const usual = this.bufferManager;
    const pool = new PlanPool(this.device, foreseen);
    const recorder: Recorder = { commands: [], signature: [], pipelines: new Map(), pool };
    this.recorder = recorder;
    this.bufferManager = recorder.pool;
    try {
      const result = this.submitPerDispatch(step);
      return { result, recording: recorder, pool };
    } finally {
      this.recorder = undefined;
      this.bufferManager = usual;
    }
  }

  /** A buffer goes back to the pool it is from, whichever is in use. */
  override releaseResource(dataId: object): void {
    const data = this.tensorMap.get(dataId);
    try {
      super.releaseResource(dataId);
    } catch (thrown) {
      // not of the pool in use: a plan's buffer goes with the plan's pool
      if (!(thrown instanceof Error) || !thrown.message.includes("buffer manager")) throw thrown;
      data.resource = null;
    }
  }

  /** What a step uploads is a constant of its recording: it stays in a buffer of the recording's pool. */
  override uploadToGPU(dataId: object): void {
    const data = this.tensorMap.get(dataId);
    if (this.recorder && !data.resource && data.values) {
      const numbers = data.values as ArrayLike<number>;
      this.recorder.signature.push(`upload ${data.dtype} ${Array.from(numbers).join()}`);
      const buffer = this.recorder.pool.acquireBuffer(
        byteSize(data),
        GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
        false,
        false,
      );
      const whole = data.dtype === "int32" || data.dtype === "bool";
      this.queue.writeBuffer(
        buffer,
        0,
        whole ? Int32Array.from(numbers) : Float32Array.from(numbers),
      );
      Object.assign(data, { resource: buffer, external: true, values: null });
      return;
    }
    super.uploadToGPU(dataId);
  }

  override makeUniforms(fields: UniformField[]) {
    const binding = super.makeUniforms(fields);
    if (this.recorder) {
      this.recorder.signature.push(fields.map(({ data }) => data.join()).join(";"));
      this.uniformPendingDisposal.pop(); // never given to another dispatch: the recording reads it each time
    }
    return binding;
  }

  // ---- encoding

  override ensureCommandEncoderReady(): void {
    super.ensureCommandEncoderReady();
    const encoder = this.commandEncoder;
    if (this.computePassEncoder || !encoder) return;
    this.computePassEncoder = new StudioPass(encoder, this.recorder, this.profiler);
  }

  submitPerDispatch<T>(work: () => T): T {
    const batch = tf.env().getNumber(SUBMIT_BATCH);
    this.flush();
    tf.env().set(SUBMIT_BATCH, 1); // a tensor's buffer is free again when what used it is submitted
    try {
      const result = work();
      this.flush();
      return result;
    } finally {
      tf.env().set(SUBMIT_BATCH, batch);
    }
  }

  /** Submits what is encoded so far. */
  flush(): void {
    this.endComputePassEncoder();
    if (this.commandEncoder) this.submitQueue();
  }

  // ---- compilation

  /**
   * Compiles, side by side and off this thread, every program `step` needs; `step` itself computes nothing.
   * Several calls may be under way. A program that fails is not kept: asked for again it is compiled again.
   * @param onProgress programs done and in all, from none to all
   * @throws what the first program that does not compile says, after all others are done
   */
  async compile(step: () => void, onProgress: (done: number, all: number) => void): Promise<void> {
    const pending = this.pendingOf(step);
    let done = 0;
    onProgress(done, pending.size);
    const failures: unknown[] = [];
    await Promise.all(
      [...pending].map(async ([key, pipeline]) => {
        try {
          this.pipelineCache[key] = await pipeline;
          onProgress(++done, pending.size);
        } catch (thrown) {
          Reflect.deleteProperty(this.pipelineCache, key);
          failures.push(thrown);
        }
      }),
    );
    if (failures.length > 0) throw failures[0];
  }

  /** Programs that `step` needs and that are still being compiled, by their key in the cache. */
  private pendingOf(step: () => void): ReadonlyMap<string, Promise<GPUComputePipeline>> {
    const known = new Set(Object.keys(this.pipelineCache));
    const needed = new Set<string>();
    this.needed = needed;
    tf.env().set("WEBGPU_ENGINE_COMPILE_ONLY", true);
    try {
      this.record(step).pool.dispose();
    } finally {
      tf.env().set("WEBGPU_ENGINE_COMPILE_ONLY", false);
      this.needed = undefined;
    }
    return new Map(
      Object.entries(this.pipelineCache).flatMap(([key, pipeline]) =>
        pipeline instanceof Promise && (needed.has(key) || !known.has(key))
          ? [[key, pipeline] as const]
          : [],
      ),
    );
  }

  // ---- profile

  /** GPU time of each dispatch of `step`, in order; empty without the feature timestamp-query. */
  async profile(step: () => void): Promise<KernelTime[]> {
    if (!this.features.has("timestamp-query")) {
      step();
      return [];
    }
    this.flush();
    const count = 2 * PROFILE_CAPACITY;
    const querySet = this.device.createQuerySet({ type: "timestamp", count });
    const profiler: Profiler = { names: [], querySet, capacity: PROFILE_CAPACITY };
    this.profiler = profiler;
    try {
      step();
      this.flush();
    } finally {
      this.profiler = undefined;
    }
    const size = count * 8;
    const resolved = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const encoder = this.device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    this.queue.submit([encoder.finish()]);
    const ticks = new BigUint64Array(await this.readBuffer(resolved, 0, size));
    resolved.destroy();
    querySet.destroy();
    return profiler.names.map((name, i) => ({
      name,
      ms: Number((ticks[2 * i + 1] ?? 0n) - (ticks[2 * i] ?? 0n)) / 1e6,
    }));
  }

  // ---- accounts

  /** Destroys the buffers nobody uses, which tfjs would keep for ever. Those of recorded plans are in use. */
  trim(): void {
    this.flush();
    const pool = this.bufferManager;
    for (const buffers of pool.freeBuffers.values()) {
      for (const buffer of buffers.splice(0)) {
        buffer.destroy();
        pool.numBytesAllocated -= buffer.size;
        pool.numFreeBuffers--;
      }
    }
  }

  /** Adds (or with a negative number subtracts) bytes of buffers outside the pool to what `memory` reports. */
  account(bytes: number): void {
    this.ownBytes += bytes;
  }

  override memory() {
    const pool = super.memory();
    return {
      ...pool,
      numBytesInGPU: pool.numBytesInGPU + this.ownBytes,
      numBytesAllocatedInGPU: pool.numBytesAllocatedInGPU + this.ownBytes,
    };
  }
}

const compileOnly = () => tf.env().getBool("WEBGPU_ENGINE_COMPILE_ONLY");

/** The buffer under a tensor that was uploaded or allocated. */
function bufferOf({ resource, shape }: TensorData): GPUBuffer {
  if (resource) return resource;
  throw new StudioError(
    "INTERNAL",
    `A tensor [${shape.join(", ")}] has no memory on the GPU.`,
    "This is a fault of the program: please report it with the share link of the run.",
  );
}

const byteSize = ({ shape }: Pick<TensorData, "shape">) =>
  FLOAT_BYTES * tf.util.sizeFromShape(shape);

/** A compute pass that begins with its first dispatch and tells the recorder and the profiler what it is asked. */
class StudioPass implements PassEncoder {
  name = "tfjs";
  private pass: GPUComputePassEncoder | undefined;
  private pipeline: GPUComputePipeline | undefined;
  private bindGroup: GPUBindGroup | undefined;

  constructor(
    private readonly encoder: GPUCommandEncoder,
    private readonly recorder: Recorder | undefined,
    private readonly profiler: Profiler | undefined,
  ) {}

  setPipeline(pipeline: GPUComputePipeline): undefined {
    this.pipeline = pipeline;
    this.begin().setPipeline(pipeline);
  }

  setBindGroup(index: number, bindGroup?: GPUBindGroup | null): undefined {
    this.bindGroup = bindGroup ?? undefined;
    this.begin().setBindGroup(index, bindGroup);
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): undefined {
    const { pipeline, bindGroup, recorder } = this;
    const name = this.name === "tfjs" ? (pipeline?.label ?? "tfjs") : this.name;
    this.begin().dispatchWorkgroups(x, y, z);
    if (recorder && pipeline && bindGroup) {
      const number = recorder.pipelines.get(pipeline) ?? recorder.pipelines.size;
      recorder.pipelines.set(pipeline, number);
      recorder.signature.push(`dispatch ${number} (${x},${y},${z})`);
      recorder.commands.push({
        kind: "dispatch",
        name,
        pipeline,
        bindGroup,
        workgroups: [x, y, z],
      });
    }
    if (this.profiler) {
      this.profiler.names.push(name);
      this.end();
    }
    this.name = "tfjs";
  }

  end(): undefined {
    this.pass?.end();
    this.pass = undefined;
  }

  private begin(): GPUComputePassEncoder {
    this.pass ??= this.encoder.beginComputePass(this.timing());
    return this.pass;
  }

  private timing(): GPUComputePassDescriptor {
    const at = this.profiler?.names.length ?? 0;
    if (!this.profiler || at >= this.profiler.capacity) return {};
    return {
      timestampWrites: {
        querySet: this.profiler.querySet,
        beginningOfPassWriteIndex: 2 * at,
        endOfPassWriteIndex: 2 * at + 1,
      },
    };
  }
}

/** The backend tfjs is on, when it is this one. */
export function currentStudioBackend(): StudioBackend | undefined {
  const backend: unknown = tf.backend();
  return backend instanceof StudioBackend ? backend : undefined;
}
