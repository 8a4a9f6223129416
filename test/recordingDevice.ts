import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Dispatch, MatMulTuning, StudioDevice } from "../src/engine/kernels/device";
import type { ComputeProgram } from "../src/engine/kernels/program";

/** A dispatch as a kernel asked for it. */
export interface Recorded {
  readonly program: ComputeProgram;
  readonly operands: Dispatch;
}

/** The settings by which kernels choose their programs. */
export interface DeviceSettings {
  readonly tuning: MatMulTuning;
  readonly mixedPrecision: boolean;
  readonly features: ReadonlySet<string>;
}

/** A device that computes nothing and keeps the dispatches. Tensors are shapes without memory. */
export function recordingDevice(settings: DeviceSettings): {
  readonly device: StudioDevice;
  readonly dispatches: readonly Recorded[];
} {
  const dispatches: Recorded[] = [];
  const tensor = (shape: readonly number[], dtype: TensorInfo["dtype"]): TensorInfo => ({
    dataId: {},
    shape: [...shape],
    dtype,
  });
  const device: StudioDevice = {
    ...settings,
    isStudioDevice: true,
    submitPerDispatch: (work) => work(),
    makeTensorInfo: tensor,
    disposeData: () => true,
    dispatch: (program, operands) => {
      dispatches.push({ program, operands });
    },
    view: (_parent, _offset, shape) => tensor(shape, "float32"),
    copy: () => undefined,
    gradientOf: ({ shape }) => tensor(shape, "float32"),
  };
  return { device, dispatches };
}
