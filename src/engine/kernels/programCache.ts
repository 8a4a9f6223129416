import * as tf from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { programKey, wgslOf, type ComputeProgram } from "./program";

/** Pipelines by the key of their program; a promise while one is compiled beside others. */
type Pipelines = Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;

/** tfjs' flag: kernels only ask for their programs, which are then compiled off this thread. */
const COMPILE_ONLY = "WEBGPU_ENGINE_COMPILE_ONLY";

/** Whether kernels only ask for their programs and compute nothing. */
export const compilesOnly = (): boolean => tf.env().getBool(COMPILE_ONLY);

/** Compiled WGSL programs, by key. */
export class ProgramCache {
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  /** Keys of the programs that are asked for while they are listed. */
  private needed: Set<string> | undefined;

  /** @param pipelines tfjs' own cache: the pipelines of its kernels are in it, too */
  constructor(
    private readonly device: GPUDevice,
    private readonly pipelines: Pipelines,
  ) {}

  /**
   * The pipeline of a program, compiled when it is not known yet; undefined while programs are only asked for.
   * @throws StudioError INTERNAL while it is still being compiled off this thread
   */
  pipelineOf(program: ComputeProgram): GPUComputePipeline | undefined {
    const key = programKey(program);
    const pipeline = (this.pipelines[key] ??= this.compiled(program));
    if (compilesOnly()) {
      this.needed?.add(key);
      return undefined;
    }
    if (!(pipeline instanceof Promise)) return pipeline;
    throw new StudioError(
      "INTERNAL",
      `The GPU program ${key} is still being compiled.`,
      "Wait for the compilation before the first step.",
    );
  }

  /** How a program's operands are bound: outputs, inputs, uniforms. Programs of as many operands share it. */
  layoutOf(program: ComputeProgram): GPUBindGroupLayout {
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

  /** Programs that `dryRun` asks for and that are still being compiled. Kernels compute nothing meanwhile. */
  pendingOf(dryRun: () => void): ReadonlyMap<string, Promise<GPUComputePipeline>> {
    const known = new Set(Object.keys(this.pipelines));
    const needed = new Set<string>();
    this.needed = needed;
    tf.env().set(COMPILE_ONLY, true);
    try {
      dryRun();
    } finally {
      tf.env().set(COMPILE_ONLY, false);
      this.needed = undefined;
    }
    // tfjs' own programs do not name themselves as needed: those that are new are
    return new Map(
      Object.entries(this.pipelines).flatMap(([key, pipeline]) =>
        pipeline instanceof Promise && (needed.has(key) || !known.has(key))
          ? [[key, pipeline] as const]
          : [],
      ),
    );
  }

  /**
   * Waits for pending programs. One that fails is not kept: asked for again it is compiled again.
   * @param onProgress programs done and in all, from none to all
   * @throws what the first program that does not compile says, after all others are done
   */
  async finish(
    pending: ReadonlyMap<string, Promise<GPUComputePipeline>>,
    onProgress: (done: number, all: number) => void,
  ): Promise<void> {
    let done = 0;
    onProgress(done, pending.size);
    const failures: unknown[] = [];
    await Promise.all(
      [...pending].map(async ([key, pipeline]) => {
        try {
          this.pipelines[key] = await pipeline;
          onProgress(++done, pending.size);
        } catch (thrown) {
          Reflect.deleteProperty(this.pipelines, key);
          failures.push(thrown);
        }
      }),
    );
    if (failures.length > 0) throw failures[0];
  }

  private compiled(program: ComputeProgram) {
    const module = this.device.createShaderModule({
      label: programKey(program),
      code: wgslOf(program),
    });
    const descriptor: GPUComputePipelineDescriptor = {
      label: program.name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [this.layoutOf(program)] }),
      compute: { module, entryPoint: "main" },
    };
    return compilesOnly()
      ? this.device.createComputePipelineAsync(descriptor)
      : this.device.createComputePipeline(descriptor);
  }
}
