import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { encodeTransfer, type Recording, type Transfer } from "./commands";
import type { Dispatch, MatMulTuning, StudioDevice } from "./device";
import { GradientClaims, type GradientPlaces } from "./gradientPlaces";
import { GpuTimer, type KernelTime } from "./gpuTimer";
import { PlanPool, type Lifetime } from "./planPool";
import { programKey, uniformBytes, type ComputeProgram } from "./program";
import { compilesOnly, ProgramCache } from "./programCache";
import { StepRecorder } from "./stepRecorder";
import { StudioPass } from "./studioPass";
import { bufferOf, byteSize } from "./tensorMemory";
import type { UniformField } from "./tfjsWebGpu";
import { trimPool } from "./trimPool";
import { UniformBuffers } from "./uniformBuffers";
import { ViewBackend } from "./viewBackend";

/** tfjs' setting: dispatches that are encoded before they are submitted. */
const SUBMIT_BATCH = "WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE";

/** Until the adapter was measured (chooseTuning): the best of them on SwiftShader, which is never measured. */
const DEFAULT_TUNING: MatMulTuning = { kind: "register", tile: [16, 8], dots: true };

/**
 * tfjs' WebGPU backend on a device of our own, with what fused kernels need (StudioDevice), and with recording of a
 * step's commands, compilation ahead, GPU time by kernel and release of unused memory. tfjs' own kernels run on it
 * unchanged. What it does is in its parts; this class connects them to tfjs' tensors and its encoder.
 */
export class StudioBackend extends ViewBackend implements StudioDevice {
  readonly isStudioDevice = true;
  readonly features: ReadonlySet<string>;
  tuning: MatMulTuning = DEFAULT_TUNING;
  mixedPrecision = false;
  /** Whether products in float16 may be asked for: the device has it, and no self-check of them failed. */
  float16: boolean;
  private readonly programs = new ProgramCache(this.device, this.pipelineCache);
  private readonly uniforms = new UniformBuffers(this.device);
  /** tfjs' pool, which tensors are from unless a step is recorded. */
  private readonly usualPool = this.bufferManager;
  private gradients = new GradientClaims();
  private recorder: StepRecorder | undefined;
  private timer: GpuTimer | undefined;
  /** Told of each submission while `following` runs. */
  private onSubmit: (() => void) | undefined;
  /** Bytes of buffers that their owners account for: flat state, recorded plans. */
  private accounted = 0;

  constructor(device: GPUDevice, info?: GPUAdapterInfo) {
    super(device, info);
    this.features = device.features;
    this.float16 = device.features.has("shader-f16");
  }

  // ---- dispatches and transfers

  dispatch(program: ComputeProgram, { outputs, inputs, uniforms, workgroups }: Dispatch): void {
    const operands = [...outputs, ...inputs];
    for (const { dataId } of operands) this.uploadToGPU(dataId);
    const pipeline = this.programs.pipelineOf(program);
    if (!pipeline) return;
    const uniform = this.uniforms.holding(uniformBytes(program, uniforms));
    const resources = [...operands.map((info) => this.bindingOf(info)), { buffer: uniform }];
    const bindGroup = this.device.createBindGroup({
      layout: this.programs.layoutOf(program),
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    for (const { dataId } of operands) this.commandQueueOwnedIds.add(dataId);
    this.recorder?.bound(programKey(program), uniforms);
    this.ensureCommandEncoderReady();
    const pass = this.computePassEncoder;
    if (!pass) return;
    if (pass instanceof StudioPass) pass.nameNext(program.name);
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
    this.dispatchCountInPass++;
    if (this.dispatchCountInPass >= tf.env().getNumber(SUBMIT_BATCH)) this.flush();
  }

  copy(from: TensorInfo, to: TensorInfo): void {
    const [source, target] = [this.memoryOf(from), this.memoryOf(to)];
    this.transfer([from, to], {
      kind: "copy",
      from: source.buffer,
      fromOffset: source.offset,
      to: target.buffer,
      toOffset: target.offset,
      size: source.size,
    });
  }

  /** Zeros everywhere in a tensor. */
  clear(target: TensorInfo): void {
    this.transfer([target], { kind: "clear", ...this.memoryOf(target) });
  }

  private transfer(tensors: readonly TensorInfo[], transfer: Transfer): void {
    if (compilesOnly()) return;
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    if (this.commandEncoder) encodeTransfer(this.commandEncoder, transfer);
    for (const { dataId } of tensors) this.commandQueueOwnedIds.add(dataId);
    this.recorder?.transferred(transfer);
  }

  /**
   * Writes numbers, or a tensor of the same size, into an allocated tensor. Numbers (and a tensor that was not
   * uploaded yet) go straight to the queue: submit what is encoded before.
   */
  fill(target: TensorInfo, source: TensorInfo | Float32Array | Int32Array): void {
    const data = this.tensorMap.get(target.dataId);
    const values = "dataId" in source ? this.tensorMap.get(source.dataId).values : source;
    if (values instanceof Float32Array || values instanceof Int32Array) {
      const { buffer, byteOffset, byteLength } = values;
      this.queue.writeBuffer(bufferOf(data), data.offset ?? 0, buffer, byteOffset, byteLength);
    } else if ("dataId" in source) this.copy(source, target);
  }

  // ---- encoding

  /** Passes are ours, so that the recorder and the timer are told of the dispatches of tfjs' kernels. */
  override ensureCommandEncoderReady(): void {
    super.ensureCommandEncoderReady();
    const encoder = this.commandEncoder;
    if (this.computePassEncoder || !encoder) return;
    this.computePassEncoder = new StudioPass(encoder, this.recorder, this.timer);
  }

  submitPerDispatch<T>(work: () => T): T {
    const batch = tf.env().getNumber(SUBMIT_BATCH);
    this.flush();
    tf.env().set(SUBMIT_BATCH, 1); // a tensor's buffer is free again once what used it is submitted
    try {
      const result = work();
      this.flush();
      return result;
    } finally {
      tf.env().set(SUBMIT_BATCH, batch);
    }
  }

  override submitQueue(): void {
    super.submitQueue();
    this.onSubmit?.();
  }

  /**
   * The result of `work`, which only encodes and submits.
   * @param onDone called later, as the GPU finishes what was submitted: how many submissions are done, and of how many
   */
  following<T>(work: () => T, onDone: (done: number, all: number) => void): T {
    let all = 0;
    const follow = () => {
      const number = ++all;
      const told = this.queue.onSubmittedWorkDone().then(() => onDone(number, all));
      told.catch(() => undefined); // a lost device is reported by whoever reads
    };
    this.flush();
    this.onSubmit = follow;
    try {
      return work();
    } finally {
      this.onSubmit = undefined;
    }
  }

  // ---- gradients in place

  /** From here on, gradients of these parameters are written to their places, each once a step. */
  placeGradients(places: GradientPlaces): void {
    this.gradients = new GradientClaims(places);
  }

  gradientOf({ dataId, shape }: TensorInfo): TensorInfo {
    const place = this.gradients.claim(dataId);
    return place
      ? this.bufferView(place.buffer, place.offset, shape)
      : this.makeTensorInfo([...shape], "float32");
  }

  // ---- recording and compiling

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
    const pool = new PlanPool(this.device, foreseen);
    const recorder = new StepRecorder(pool);
    this.recorder = recorder;
    this.bufferManager = pool;
    try {
      const result = this.submitPerDispatch(step);
      return { result, recording: recorder, pool };
    } finally {
      this.recorder = undefined;
      this.bufferManager = this.usualPool;
    }
  }

  /** tfjs would hand a buffer to the pool in use, which may not be the one it is from. */
  override releaseResource(dataId: object): void {
    const data = this.tensorMap.get(dataId);
    // a plan's buffers go with the plan's pool; what a recording reads must not be given to another tensor
    if (data.external || (data.pool ?? this.usualPool) === this.bufferManager) {
      super.releaseResource(dataId);
    } else data.resource = null;
  }

  /** What a step uploads is a constant of its recording: it stays in a buffer of the recording's pool. */
  override uploadToGPU(dataId: object): void {
    const data = this.tensorMap.get(dataId);
    if (data.resource) return;
    if (!this.recorder || !data.values) {
      super.uploadToGPU(dataId);
      data.pool = this.bufferManager;
      return;
    }
    const numbers = Array.from<unknown, number>(data.values, Number);
    this.recorder.uploaded(data.dtype, numbers);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.recorder.pool.acquireBuffer(byteSize(data), usage, false, false);
    const whole = data.dtype === "int32" || data.dtype === "bool";
    this.queue.writeBuffer(
      buffer,
      0,
      whole ? Int32Array.from(numbers) : Float32Array.from(numbers),
    );
    Object.assign(data, { resource: buffer, external: true, values: null });
  }

  /** The uniforms of tfjs' kernels are constants of a recording as well, in buffers of its own. */
  override makeUniforms(fields: UniformField[]) {
    const binding = super.makeUniforms(fields);
    if (this.recorder) {
      this.recorder.uniformsMade(fields);
      this.uniformPendingDisposal.pop(); // never given to another dispatch: the recording reads it each time
    }
    return binding;
  }

  /**
   * Compiles, side by side and off this thread, every program `step` needs; `step` itself computes nothing.
   * Several calls may be under way. A program that fails is not kept: asked for again it is compiled again.
   * @param onProgress programs done and in all, from none to all
   * @throws what the first program that does not compile says, after all others are done
   */
  async compile(step: () => void, onProgress: (done: number, all: number) => void): Promise<void> {
    const pending = this.programs.pendingOf(() => this.record(step).pool.dispose());
    await this.programs.finish(pending, onProgress);
  }

  // ---- time and memory

  /** GPU time of each dispatch of `step`, in order; empty without the feature timestamp-query. */
  async profile(step: () => void): Promise<KernelTime[]> {
    if (!this.features.has("timestamp-query")) {
      step();
      return [];
    }
    this.flush();
    const timer = new GpuTimer(this.device);
    this.timer = timer;
    try {
      step();
      this.flush();
    } finally {
      this.timer = undefined;
    }
    return timer.read();
  }

  /** Destroys the buffers that no tensor uses. Those of recorded plans are in use. */
  trim(): void {
    this.flush();
    trimPool(this.bufferManager);
  }

  /** Adds (or with a negative number subtracts) bytes of buffers outside the pool to what `memory` reports. */
  account(bytes: number): void {
    this.accounted += bytes;
  }

  /** tfjs counts its pool alone. */
  override memory() {
    const pool = super.memory();
    const own = this.accounted + this.uniforms.bytes;
    return {
      ...pool,
      numBytesInGPU: pool.numBytesInGPU + own,
      numBytesAllocatedInGPU: pool.numBytesAllocatedInGPU + own,
    };
  }
}

/** The backend tfjs is on, when it is this one. */
export function currentStudioBackend(): StudioBackend | undefined {
  const backend: unknown = tf.backend();
  return backend instanceof StudioBackend ? backend : undefined;
}
