/** What a step asks of the device, once encoded: enough to ask for it again. */
export type Command =
  | {
      readonly kind: "dispatch";
      readonly name: string;
      readonly pipeline: GPUComputePipeline;
      readonly bindGroup: GPUBindGroup;
      readonly workgroups: readonly [number, number, number];
    }
  | {
      readonly kind: "clear";
      readonly buffer: GPUBuffer;
      readonly offset: number;
      readonly size: number;
    }
  | {
      readonly kind: "copy";
      readonly from: GPUBuffer;
      readonly fromOffset: number;
      readonly to: GPUBuffer;
      readonly toOffset: number;
      readonly size: number;
    };

/** Commands of one step and what they were made of. */
export interface Recording {
  readonly commands: readonly Command[];
  /**
   * One line for each command, uniform and uploaded constant. Two steps of equal signature are the same
   * computation on other inputs; anything else must not be replayed.
   */
  readonly signature: readonly string[];
}

/** Commands a submit carries: few enough that a slow adapter lets others in between. */
const COMMANDS_A_SUBMIT = 32;

/** Encodes and submits `commands` in order. */
export function replay(device: GPUDevice, commands: readonly Command[]): void {
  for (let start = 0; start < commands.length; start += COMMANDS_A_SUBMIT) {
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    for (const command of commands.slice(start, start + COMMANDS_A_SUBMIT)) {
      if (command.kind !== "dispatch") {
        pass?.end();
        pass = undefined;
      }
      if (command.kind === "clear") {
        encoder.clearBuffer(command.buffer, command.offset, command.size);
      } else if (command.kind === "copy") {
        const { from, fromOffset, to, toOffset, size } = command;
        encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, size);
      } else {
        pass ??= encoder.beginComputePass();
        pass.setPipeline(command.pipeline);
        pass.setBindGroup(0, command.bindGroup);
        pass.dispatchWorkgroups(...command.workgroups);
      }
    }
    pass?.end();
    device.queue.submit([encoder.finish()]);
  }
}
