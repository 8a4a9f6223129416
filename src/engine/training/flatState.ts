import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { Arena } from "../kernels/optimizerUpdate";
import type { GradientPlaces } from "../kernels/gradientPlaces";
import { mapRecord, recordOf } from "../../common/math/records";
import type { StudioBackend } from "../kernels/studioBackend";
import type { ParamMap } from "../nn/params";
import { flatLayout, type FlatLayout } from "./flatLayout";
import type { TrainState } from "./trainState";

const FLOAT_BYTES = 4;

/** What a state holds of each parameter. */
const STATE_KINDS = ["params", "ema", "expAvg", "expAvgSq"] as const;
type StateKind = (typeof STATE_KINDS)[number];

/** Kinds of numbers a parameter has; each lies in flat buffers of its own. */
const KINDS = [...STATE_KINDS, "gradients"] as const;
type Kind = (typeof KINDS)[number];

/** A training state in flat buffers, changed in place by the update. */
export interface FlatState {
  readonly layout: FlatLayout;
  readonly arenas: readonly Arena[];
  /** The state's maps as views of the flat buffers. */
  readonly maps: Pick<TrainState, StateKind>;
  /** Where each parameter's gradient belongs. */
  readonly gradientPlaces: GradientPlaces;
  /** The gradient of a parameter, as a view of its flat buffer. */
  readonly gradient: (name: string) => TensorInfo;
  readonly dispose: () => void;
}

interface FlatBuffer {
  readonly buffer: GPUBuffer;
  readonly info: TensorInfo;
}

const unknownParameter = (name: string) =>
  new StudioError(
    "INTERNAL",
    `The parameter "${name}" has no place in the flat state.`,
    "Reload the page; the run resumes from its last checkpoint.",
  );

const shapesOf = (params: ParamMap) =>
  Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape]));

/** Buffers of one arena: one for each kind of numbers, and the segment of each block. */
type ArenaBuffers = Readonly<Record<Kind | "segmentOfBlock", FlatBuffer>>;

/** Allocates the buffers of a layout; the segments of the blocks are written, the numbers are not. */
function allocateArenas(backend: StudioBackend, layout: FlatLayout): readonly ArenaBuffers[] {
  const allocate = (size: number): FlatBuffer => {
    const buffer = backend.device.createBuffer({
      size: size * FLOAT_BYTES,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    backend.account(buffer.size);
    return { buffer, info: backend.bufferView(buffer, 0, [size]) };
  };
  return layout.arenaSizes.map((size, i) => {
    const numbers = recordOf(KINDS, () => allocate(size));
    const blocks = layout.segmentOfBlock[i] ?? new Int32Array();
    const segmentOfBlock = allocate(blocks.length);
    backend.queue.writeBuffer(segmentOfBlock.buffer, 0, blocks);
    return { ...numbers, segmentOfBlock };
  });
}

/** Where a parameter's numbers of one kind lie; the offset in bytes. */
function placeIn(layout: FlatLayout, arenas: readonly ArenaBuffers[], kind: Kind, name: string) {
  const place = layout.places.get(name);
  const arena = place && arenas[place.arena];
  if (!arena) throw unknownParameter(name);
  return { buffer: arena[kind].buffer, offset: place.offset * FLOAT_BYTES, shape: place.shape };
}

/**
 * Copies `source` into flat buffers of `backend`; `source` stays the caller's.
 * @throws StudioError OUT_OF_MEMORY when one parameter exceeds a buffer
 */
export function createFlatState(backend: StudioBackend, source: TrainState): FlatState {
  const { limits } = backend.device;
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const layout = flatLayout(shapesOf(source.params), most);
  const arenas = allocateArenas(backend, layout);
  const placeOf = (kind: Kind, name: string) => placeIn(layout, arenas, kind, name);
  const viewOf = (kind: Kind, name: string): TensorInfo => {
    const { buffer, offset, shape } = placeOf(kind, name);
    return backend.bufferView(buffer, offset, shape);
  };
  const copyOf = (kind: StateKind): Record<string, Tensor> =>
    mapRecord(source[kind], (tensor, name) => {
      const info = viewOf(kind, name);
      backend.fill(info, tensor);
      return tf.engine().makeTensorFromTensorInfo(info);
    });
  const maps = recordOf(STATE_KINDS, copyOf);
  backend.flush();
  const gradients = new Map(
    Object.keys(source.params).map((name) => [name, viewOf("gradients", name)]),
  );
  const buffers = arenas.flatMap((arena) => Object.values(arena));
  return {
    layout,
    arenas: arenas.map((arena) => mapRecord(arena, ({ info }) => info)),
    maps,
    gradientPlaces: new Map(
      Object.entries(maps.params).map(([name, { dataId }]) => [dataId, placeOf("gradients", name)]),
    ),
    gradient: (name) => {
      const info = gradients.get(name);
      if (!info) throw unknownParameter(name);
      return info;
    },
    dispose: () => {
      for (const map of Object.values(maps)) tf.dispose(map);
      for (const { dataId } of gradients.values()) backend.disposeData(dataId);
      for (const { info } of buffers) backend.disposeData(info.dataId);
      backend.flush();
      for (const { buffer } of buffers) {
        backend.account(-buffer.size);
        buffer.destroy();
      }
    },
  };
}
