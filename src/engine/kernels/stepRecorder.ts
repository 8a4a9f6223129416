import type { Command, Dispatched, Recording, Transfer } from "./commands";
import type { PlanPool } from "./planPool";
import type { UniformField } from "./tfjsWebGpu";

/** Keeps what a step encodes, with a signature by which two steps are told to be the same computation. */
export class StepRecorder implements Recording {
  readonly commands: Command[] = [];
  readonly signature: string[] = [];
  /** Pipelines by first use: those of tfjs' kernels have no other name for the signature. */
  private readonly pipelines = new Map<GPUComputePipeline, number>();

  /** @param pool where the step's buffers are from */
  constructor(readonly pool: PlanPool) {}

  /** One of our programs is bound to its operands; its dispatch follows. */
  bound(key: string, uniforms: readonly number[]): void {
    this.signature.push(`${key} (${uniforms.join(",")})`);
  }

  dispatched(dispatch: Omit<Dispatched, "kind">): void {
    const { pipeline, workgroups } = dispatch;
    const number = this.pipelines.get(pipeline) ?? this.pipelines.size;
    this.pipelines.set(pipeline, number);
    this.signature.push(`dispatch ${number} (${workgroups.join(",")})`);
    this.commands.push({ kind: "dispatch", ...dispatch });
  }

  transferred(transfer: Transfer): void {
    this.commands.push(transfer);
    this.signature.push(`${transfer.kind} ${transfer.size}`);
  }

  /** Numbers were uploaded: they are a constant of the recording. */
  uploaded(dtype: string, numbers: readonly number[]): void {
    this.signature.push(`upload ${dtype} ${numbers.join()}`);
  }

  /** tfjs made a uniform buffer. */
  uniformsMade(fields: readonly UniformField[]): void {
    this.signature.push(fields.map(({ data }) => data.join()).join(";"));
  }
}
