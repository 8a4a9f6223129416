import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { ComputeProgram } from "./program";
import type { TileSpeed } from "./sharedPlan";

/** Operands of one dispatch, in the order of the program's declarations. */
export interface Dispatch {
  readonly outputs: readonly TensorInfo[];
  readonly inputs: readonly TensorInfo[];
  readonly uniforms: readonly number[];
  readonly workgroups: readonly [number, number, number];
}

/** A tile of results a thread, in registers: no workgroup memory. */
export interface RegisterTuning {
  readonly kind: "register";
  /** Rows and columns of a thread's tile, multiples of 4. */
  readonly tile: readonly [number, number];
  /** Register tiles of x Wᵀ multiply four numbers of two rows at a time; else one step of K after the other. Default true. */
  readonly dots?: boolean;
}

/** A tile of results a workgroup, through workgroup memory; the tile and the parts of K follow from the shape. */
export interface SharedTuning {
  readonly kind: "shared";
  /** Workgroups that the adapter runs at the same time. */
  readonly fill: number;
  readonly speeds: readonly [TileSpeed, ...TileSpeed[]];
}

/** How matrix products are cut up; chosen for the adapter at start. */
export type MatMulTuning = RegisterTuning | SharedTuning;

/** What kernels need of the backend (studioBackend.ts), which tfjs hands to every kernel function. */
export interface StudioDevice {
  /** Whether this is the project's backend and not tfjs' own. */
  readonly isStudioDevice: true;
  readonly features: ReadonlySet<string>;
  readonly tuning: MatMulTuning;
  /** Matrix products multiply in float16 and add in float32. */
  readonly mixedPrecision: boolean;
  /** Runs `work` and submits each dispatch by itself: memory of a disposed tensor is free for the next dispatch. */
  readonly submitPerDispatch: <T>(work: () => T) => T;
  makeTensorInfo: (shape: number[], dtype: DataType) => TensorInfo;
  /** Gives up one hold on a tensor's memory. */
  disposeData: (dataId: object) => boolean;
  /** Encodes one dispatch after those before it. Outputs are allocated when they are not yet. */
  dispatch: (program: ComputeProgram, operands: Dispatch) => void;
  /** A tensor on a part of `parent`, from element `offset` (a multiple of 64) on; it keeps the parent alive. */
  view: (parent: TensorInfo, offset: number, shape: readonly number[]) => TensorInfo;
  /** Copies all of `from` to `to`, of the same size. */
  copy: (from: TensorInfo, to: TensorInfo) => void;
  /** Where the gradient of `parameter` is to be written: its place among the flat gradients, or a new tensor. */
  gradientOf: (parameter: TensorInfo) => TensorInfo;
}

/** Elements of float32 between two places where a binding may start (256 bytes). */
export const VIEW_ALIGNMENT = 64;
