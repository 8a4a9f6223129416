import { countGpuCalls } from "../../../src/engine/bench/gpuCounters";
import { createTrainerVariant } from "../../../src/engine/bench/trainerVariant";
import type { KernelTime, Variant } from "../../../src/engine/bench/variant";
import type { OpenedBackend, WebGpuGrounds } from "../../../src/engine/bench/webGpu";
import type { Workload } from "../../../src/engine/bench/workloads";
import { StudioError } from "../../../src/common/errors/studioError";
import type { MatMulTuning } from "../../../src/engine/kernels/device";
import type { StudioBackend } from "../../../src/engine/kernels/studioBackend";
import { tuningName } from "../../../src/engine/kernels/tuningName";
import { createDeviceTrainer } from "../../../src/engine/training/deviceTrainer";
import { withMixedPrecision } from "../../../src/engine/training/mixedPrecision";
import { createPlainTrainer } from "../../../src/engine/training/trainer";
import { WARM_UP, type Contestant, type Losses, type OpenedContestant } from "./contestant";
import type { WorkloadNumbers } from "./values";

/** What our variants run on. */
export interface OwnSite {
  readonly webgpu: WebGpuGrounds;
  readonly clockMs: () => number;
  /** Instead of the measured one: software adapters compile small tiles in a sixth of the time. */
  readonly tuning: MatMulTuning | undefined;
}

type Numbers = Pick<WorkloadNumbers, "values" | "batchOf">;

/** What a variant's device complained of, as an error of the variant. */
function errorsOf(label: string) {
  const messages: string[] = [];
  return {
    add: (message: string) => messages.push(message),
    /** Runs `work`; a result beside an error of the device is none. @throws StudioError GPU_ERROR */
    checked: async <T>(work: () => Promise<T>): Promise<T> => {
      const result = await work();
      const [first] = messages;
      if (first === undefined) return result;
      throw new StudioError(
        "GPU_ERROR",
        first.split("\n")[0] ?? first,
        `The figures of "${label}" mean nothing: look at the device's other messages (${messages.length}).`,
      );
    },
  };
}

/** Calls of one step. The counting itself takes time: this step is not timed. */
async function countedStep(variant: Variant) {
  const counter = countGpuCalls(globalThis);
  try {
    await variant.step();
    return counter.take();
  } finally {
    counter.restore();
  }
}

interface OpenedOwn {
  readonly variant: Variant;
  readonly close: () => void;
  readonly tuning: string | null;
  readonly kernelTimes?: () => Promise<readonly KernelTime[]>;
}

/** First steps, then the functions the rounds need. Frees everything when that fails. */
async function begin(
  label: string,
  { clockMs }: OwnSite,
  open: (onError: (message: string) => void) => Promise<OpenedOwn>,
): Promise<OpenedContestant> {
  const errors = errorsOf(label);
  const { variant, close, tuning, kernelTimes } = await open(errors.add);
  /** A lost device refuses even to be tidied. */
  const end = async () => {
    try {
      await variant.prepare();
      variant.dispose();
    } finally {
      close();
    }
  };
  try {
    const losses: Losses[] = [];
    const start = clockMs();
    await errors.checked(() => variant.compile?.() ?? Promise.resolve());
    const compiled = clockMs();
    let firstStepMs = NaN;
    for (let i = 0; i < WARM_UP; i++) {
      losses.push((await errors.checked(() => variant.step())).losses);
      if (i === 0) firstStepMs = clockMs() - compiled;
    }
    const gpu = await errors.checked(() => countedStep(variant));
    return {
      start: {
        compileMs: variant.compile ? compiled - start : null,
        firstStepMs,
        memoryBytes: variant.memory?.().gpuBytes ?? null,
        losses,
        tuning,
        gpu,
      },
      burst: (steps) =>
        errors.checked(async () => {
          await variant.prepare();
          const { ms, jsMs, losses: last } = (await variant.burst?.(steps)) ?? NO_BURST;
          return { ms, hostMs: jsMs, losses: last };
        }),
      ...(kernelTimes && { kernelTimes: () => errors.checked(kernelTimes) }),
      close: end,
    };
  } catch (thrown) {
    await end().catch(() => undefined); // the first problem is the one to tell
    throw thrown;
  }
}

const NO_BURST = { ms: NaN, jsMs: NaN, losses: [NaN, NaN, NaN] as const };

/** tfjs as it comes. */
const plain = (workload: Workload, numbers: Numbers, site: OwnSite): Contestant => {
  const label = "tfjs webgpu, plain";
  return {
    id: "plain",
    label,
    library: "tfjs",
    precision: "float32",
    open: () =>
      begin(label, site, async (onError) => {
        const { use, close } = await site.webgpu.openStock(`steps-${workload.id}-plain`, onError);
        const variant = await createTrainerVariant({
          ...{ name: label, workload, clockMs: site.clockMs, prepare: use, ...numbers },
          open: createPlainTrainer,
        }).catch(closing(close));
        return { variant, close, tuning: null };
      }),
  };
};

/** Frees the device of a variant that did not come to be. */
const closing = (close: () => void) => (thrown: unknown) => {
  close();
  throw thrown;
};

interface StudioKind {
  readonly id: string;
  readonly label: string;
  readonly replays: boolean;
  readonly mixed: boolean;
  /** Whether GPU time by kernel is told of it. */
  readonly profiled: boolean;
}

const STUDIO_KINDS: readonly StudioKind[] = [
  {
    id: "fused",
    label: "studio, fused, encoded anew",
    replays: false,
    mixed: false,
    profiled: true,
  },
  { id: "replayed", label: "studio, replayed", replays: true, mixed: false, profiled: false },
  {
    id: "mixed",
    label: "studio, replayed, float16 products",
    replays: true,
    mixed: true,
    profiled: true,
  },
];

type Opened = OpenedBackend & { readonly backend: StudioBackend };

function studioVariant(
  workload: Workload,
  numbers: Numbers,
  site: OwnSite,
  { label, mixed }: StudioKind,
  { backend, use }: Opened,
  replays: boolean,
): Promise<Variant> {
  return createTrainerVariant({
    ...{ name: label, workload, clockMs: site.clockMs, prepare: use, ...numbers },
    open: (initial) => {
      const trainer = createDeviceTrainer(backend, initial, { replays });
      return mixed ? withMixedPrecision(backend, trainer) : trainer;
    },
    profile: (step) => backend.profile(step),
  });
}

/** The studio's kernels. */
const studio = (
  workload: Workload,
  numbers: Numbers,
  site: OwnSite,
  kind: StudioKind,
): Contestant => ({
  id: kind.id,
  label: kind.label,
  library: "studio",
  precision: kind.mixed ? "float16" : "float32",
  open: () =>
    begin(kind.label, site, async (onError) => {
      const opened = await site.webgpu.openStudio(`steps-${workload.id}-${kind.id}`, onError);
      const { backend, close } = opened;
      backend.tuning = site.tuning ?? backend.tuning;
      const make = (replays: boolean) =>
        studioVariant(workload, numbers, site, kind, opened, replays);
      const variant = await make(kind.replays).catch(closing(close));
      // a replayed step is submitted as it was recorded: only an encoded one can be timed by kernel
      const kernelTimes = async () => {
        const encoded = await make(false);
        await encoded.step();
        const times = (await encoded.kernelTimes?.()) ?? [];
        encoded.dispose();
        return times;
      };
      const tuning = tuningName(backend.tuning);
      return { variant, close, tuning, ...(kind.profiled && { kernelTimes }) };
    }),
});

/** Ours, the one that needs most memory last: what it takes is nobody else's any more. */
export const ownContestants = (
  workload: Workload,
  numbers: Numbers,
  site: OwnSite,
): Contestant[] => {
  const hasFloat16 = site.webgpu.adapter.features.includes("shader-f16");
  const kinds = STUDIO_KINDS.filter(({ mixed }) => hasFloat16 || !mixed);
  return [
    ...kinds.map((kind) => studio(workload, numbers, site, kind)),
    plain(workload, numbers, site),
  ];
};
