import type { GpuTimer } from "./gpuTimer";
import type { StepRecorder } from "./stepRecorder";
import type { PassEncoder } from "./tfjsWebGpu";

/** What the pass is called in a profile where neither we nor tfjs name its program. */
const UNNAMED = "tfjs";

/**
 * A compute pass that tells the recorder and the timer what is dispatched. It begins on the device with its first
 * dispatch; a timed dispatch has a pass of its own.
 */
export class StudioPass implements PassEncoder {
  private name: string | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private pipeline: GPUComputePipeline | undefined;
  private bindGroup: GPUBindGroup | undefined;

  constructor(
    private readonly encoder: GPUCommandEncoder,
    private readonly recorder: StepRecorder | undefined,
    private readonly timer: GpuTimer | undefined,
  ) {}

  /** Names the next dispatch; those of tfjs' kernels have the label of their pipeline. */
  nameNext(name: string): void {
    this.name = name;
  }

  setPipeline(pipeline: GPUComputePipeline): undefined {
    this.pipeline = pipeline;
    this.begun().setPipeline(pipeline);
  }

  setBindGroup(index: number, bindGroup?: GPUBindGroup | null): undefined {
    this.bindGroup = bindGroup ?? undefined;
    this.begun().setBindGroup(index, bindGroup);
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): undefined {
    const { pipeline, bindGroup, recorder, timer } = this;
    const name = this.name ?? pipeline?.label ?? UNNAMED;
    this.name = undefined;
    this.begun().dispatchWorkgroups(x, y, z);
    if (pipeline && bindGroup) {
      recorder?.dispatched({ name, pipeline, bindGroup, workgroups: [x, y, z] });
    }
    if (timer) {
      timer.dispatched(name);
      this.end();
    }
  }

  end(): undefined {
    this.pass?.end();
    this.pass = undefined;
  }

  private begun(): GPUComputePassEncoder {
    this.pass ??= this.encoder.beginComputePass(this.timer?.nextPass());
    return this.pass;
  }
}
