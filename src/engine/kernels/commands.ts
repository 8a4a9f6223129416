/** A program with its operands and its workgroups. */
export interface Dispatched {
  readonly kind: "dispatch";
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** Zeros in a part of a buffer, or a copy of one part to another; offsets and sizes in bytes. */
export type Transfer =
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

/** What a step asks of the device, once encoded: enough to ask for it again. */
export type Command = Dispatched | Transfer;

/** Commands of one step and what they were made of. */
export interface Recording {
  readonly commands: readonly Command[];
  /**
   * One line for each command, uniform and uploaded constant. Two steps of equal signature are the same
   * computation on other inputs; anything else must not be replayed.
   */
  readonly signature: readonly string[];
}

/** Encodes a transfer; the encoder must not be in a pass. */
export function encodeTransfer(encoder: GPUCommandEncoder, transfer: Transfer): void {
  if (transfer.kind === "clear") {
    encoder.clearBuffer(transfer.buffer, transfer.offset, transfer.size);
  } else {
    const { from, fromOffset, to, toOffset, size } = transfer;
    encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, size);
  }
}

/** Commands of a submit: few enough that a slow adapter lets other work in between. */
const COMMANDS_A_SUBMIT = 32;

/** Encodes and submits `commands` in order. */
export function replay(device: GPUDevice, commands: readonly Command[]): void {
  for (let start = 0; start < commands.length; start += COMMANDS_A_SUBMIT) {
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    for (const command of commands.slice(start, start + COMMANDS_A_SUBMIT)) {
      if (command.kind === "dispatch") {
        pass ??= encoder.beginComputePass();
        pass.setPipeline(command.pipeline);
        pass.setBindGroup(0, command.bindGroup);
        pass.dispatchWorkgroups(...command.workgroups);
      } else {
        pass?.end();
        pass = undefined;
        encodeTransfer(encoder, command);
      }
    }
    pass?.end();
    device.queue.submit([encoder.finish()]);
  }
}
