import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { Arena } from "../kernels/optimizerUpdate";
import type { GradientPlaces } from "../kernels/gradientPlaces";
import type { StudioBackend } from "../kernels/studioBackend";
import type { ParamMap } from "../nn/params";
import { flatLayout, type FlatLayout } from "./flatLayout";
import type { TrainState } from "./trainState";

const FLOAT_BYTES = 4;

/** Kinds of numbers a parameter has; each lies in flat buffers of its own. */
const KINDS = ["params", "ema", "expAvg", "expAvgSq", "gradients"] as const;
type Kind = (typeof KINDS)[number];

/** A training state in flat buffers, changed in place by the update. */
export interface FlatState {
  readonly layout: FlatLayout;
  readonly arenas: readonly Arena[];
  /** The state's maps as views of the flat buffers. */
  readonly maps: Pick<TrainState, "params" | "ema" | "expAvg" | "expAvgSq">;
  /** Where each parameter's gradient belongs. */
  readonly gradientPlaces: GradientPlaces;
  /** The gradient of a parameter, as it lies. */
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

/**
 * Copies `source` into flat buffers of `backend`; `source` stays the caller's.
 * @throws StudioError OUT_OF_MEMORY when one parameter exceeds a buffer
 */
export function createFlatState(backend: StudioBackend, source: TrainState): FlatState {
  const { limits } = backend.device;
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const layout = flatLayout(shapesOf(source.params), most);
  const buffers: GPUBuffer[] = [];
  const flat = (size: number): FlatBuffer => {
    const buffer = backend.device.createBuffer({
      size: size * FLOAT_BYTES,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    buffers.push(buffer);
    backend.account(size * FLOAT_BYTES);
    return { buffer, info: backend.bufferView(buffer, 0, [size]) };
  };
  const made = layout.arenaSizes.map((size, i) => {
    const kinds = KINDS.map((kind) => [kind, flat(size)] as const);
    const byKind = Object.fromEntries(kinds) as Record<Kind, FlatBuffer>;
    const blocks = layout.segmentOfBlock[i] ?? new Int32Array();
    const segmentOfBlock = flat(blocks.length);
    backend.queue.writeBuffer(segmentOfBlock.buffer, 0, blocks);
    return { ...byKind, segmentOfBlock };
  });

  /** Where a parameter's numbers of one kind lie; the offset in bytes. */
  const placeOf = (kind: Kind, name: string) => {
    const place = layout.places.get(name);
    const arena = place && made[place.arena];
    if (!arena) throw unknownParameter(name);
    return {
      buffer: arena[kind].buffer,
      offset: place.offset * FLOAT_BYTES,
      shape: place.shape,
    };
  };
  const viewOf = (kind: Kind, name: string): TensorInfo => {
    const { buffer, offset, shape } = placeOf(kind, name);
    return backend.bufferView(buffer, offset, shape);
  };
  const mapOf = (kind: Kind, values: ParamMap): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(values).map(([name, tensor]) => {
        const info = viewOf(kind, name);
        backend.fill(info, tensor);
        return [name, tf.engine().makeTensorFromTensorInfo(info)];
      }),
    );
  const maps = {
    params: mapOf("params", source.params),
    ema: mapOf("ema", source.ema),
    expAvg: mapOf("expAvg", source.expAvg),
    expAvgSq: mapOf("expAvgSq", source.expAvgSq),
  };
  backend.flush();
  const gradients = new Map(
    Object.keys(source.params).map((name) => [name, viewOf("gradients", name)]),
  );
  const infos = [
    ...gradients.values(),
    ...made.flatMap((kinds) => Object.values(kinds).map(({ info }) => info)),
  ];
  return {
    layout,
    arenas: made.map(({ params, ema, expAvg, expAvgSq, gradients: slopes, segmentOfBlock }) => ({
      params: params.info,
      ema: ema.info,
      expAvg: expAvg.info,
      expAvgSq: expAvgSq.info,
      gradients: slopes.info,
      segmentOfBlock: segmentOfBlock.info,
    })),
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
      for (const { dataId } of infos) backend.disposeData(dataId);
      backend.flush();
      for (const buffer of buffers) {
        backend.account(-buffer.size);
        buffer.destroy();
      }
    },
  };
}
