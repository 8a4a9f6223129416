import * as tf from "@tensorflow/tfjs-core";
import { stepFloor } from "../../../src/engine/bench/roofline";
import { prepareWebGpu, type WebGpuGrounds } from "../../../src/engine/bench/webGpu";
import { workloadById, type Workload } from "../../../src/engine/bench/workloads";
import { StudioError } from "../../../src/common/errors/studioError";
import type { MatMulTuning } from "../../../src/engine/kernels/device";
import { shareOf } from "../share";
import type { Figures, Stage, StageContext, StageEnd } from "../stage";
import type { StepsFigures, WorkloadFigures } from "../steps/figures";
import { ownContestants, type OwnSite } from "../steps/own";
import { ceilingsIn, studioPeak, torchPeaks, type Peak } from "../steps/peaks";
import { SETUP_SHARE } from "../steps/rounds";
import { stepLines } from "../steps/table";
import {
  finish,
  newEntry,
  openInTurn,
  timeRounds,
  variantFigures,
  type Entry,
} from "../steps/timeWorkload";
import { laneProcess, torchContestants, torchLanes, type LaneProcess } from "../steps/torch";
import { workloadNumbers } from "../steps/values";
import { openTorch, torchDevice } from "../pytorch/client";
import { startGpu } from "./device";

/** Dawn rounds timestamps to 65 µs, against attacks by pages; kernels take less. */
const EXACT_TIMES = "disable-dawn-features=timestamp_quantization";
/** Compiles in a sixth of the default's time; a software adapter is not here to be quick. */
const SMALL_TILE: MatMulTuning = { kind: "register", tile: [4, 4] };
const ROUNDS = { least: 5, most: 30 };
/** With less than this a workload is not begun: a software adapter compiles for longer than a GPU. */
const leastWorkloadMs = (software: boolean) => (software ? 60_000 : 5_000);

/** A workload and its part of the time. */
interface Planned {
  readonly workload: Workload;
  readonly weight: number;
  /** Left out where time is short, and the stage is complete all the same. */
  readonly optional?: boolean;
}

const planned = (software: boolean): Planned[] =>
  software
    ? [
        { workload: workloadById("nano", workloadById("nano").slowBatch), weight: 3 },
        { workload: workloadById("s2-block", 1), weight: 1, optional: true },
        { workload: workloadById("b2-block", 1), weight: 1, optional: true },
      ]
    : [
        { workload: workloadById("nano"), weight: 5 },
        { workload: workloadById("s2"), weight: 6 },
        { workload: workloadById("b2"), weight: 6 },
      ];

/** All that the stage's parts share. */
interface Site extends OwnSite {
  readonly context: StageContext;
  readonly software: boolean;
  readonly lanes: readonly LaneProcess[];
  readonly peaks: readonly Peak[];
  /** For the reader of the table. */
  readonly note: (text: string) => void;
}

/** The variants of one workload, timed; `onFigures` is told whenever something is worth keeping. */
async function timeWorkload(
  workload: Workload,
  shareMs: number,
  site: Site,
  onFigures: (figures: WorkloadFigures) => void,
): Promise<number> {
  const { context, lanes, peaks } = site;
  const { clockMs } = context;
  const startMs = clockMs();
  const numbers = workloadNumbers(workload, lanes.length > 0);
  const own = ownContestants(workload, numbers, site).map(newEntry);
  const others = lanes.map((lane) => torchContestants(workload, numbers, lane).map(newEntry));
  const entries = [...own, ...others.flat()];
  const { id, description, batch } = workload;
  const { parameters, flops } = stepFloor(workload);
  let rounds = 0;
  const write = () =>
    onFigures({
      ...{ id, description, batch, parameters, flops, rounds },
      sameNumbers: numbers.torchData !== undefined,
      variants: inOrder(entries).map((entry) => variantFigures(entry, flops, peaks)),
    });
  const timing = { clockMs, write, log: (line: string) => context.log(`${id}: ${line}`) };
  const setupEndsMs = startMs + SETUP_SHARE * shareMs;
  try {
    await Promise.all([own, ...others].map((lane) => openInTurn(lane, setupEndsMs, timing)));
    const limits = { ...ROUNDS, shareEndsMs: startMs + shareMs, stageEndsMs: context.deadlineMs };
    rounds = await timeRounds(entries, limits, {
      ...timing,
      write: () => {
        rounds++;
        write();
      },
    });
    await finish(entries, context.deadlineMs, timing);
  } finally {
    numbers.dispose();
  }
  write();
  return rounds;
}

/** In the table tfjs as it comes is first, though it is opened last. */
const inOrder = (entries: readonly Entry[]): Entry[] => [
  ...entries.filter(({ contestant }) => contestant.library === "tfjs"),
  ...entries.filter(({ contestant }) => contestant.library !== "tfjs"),
];

const productSide = (software: boolean) => (software ? 512 : 4096);

/** Without the stage "ceilings", one product of the studio's in each precision is what rates are held against. */
async function productsOf(
  { webgpu, clockMs, tuning }: OwnSite,
  software: boolean,
): Promise<Peak[]> {
  const side = productSide(software);
  const { backend, use, close } = await webgpu.openStudio("steps-product");
  await use();
  backend.tuning = tuning ?? backend.tuning;
  const peaks = [await studioPeak(backend, "float32", side, clockMs)];
  if (backend.features.has("shader-f16")) {
    peaks.push(await studioPeak(backend, "float16", side, clockMs));
  }
  close();
  return peaks;
}

async function openGrounds(context: StageContext, gpuErrors: string[]): Promise<WebGpuGrounds> {
  const gpu = await startGpu(context, [EXACT_TIMES]);
  tf.enableProdMode();
  const webgpu = await prepareWebGpu(gpu, (message) => gpuErrors.push(message), context.clockMs);
  if (webgpu) return webgpu;
  throw new StudioError("NO_WEBGPU", "The adapter is gone.", "Run the check again.");
}

/** Every planned workload within its share. @returns those that got too little time */
async function timeAll(
  plan: readonly Planned[],
  site: Site,
  onFigures: (workloads: readonly WorkloadFigures[]) => void,
): Promise<string[]> {
  const { context } = site;
  const weights = plan.map(({ weight }) => weight);
  const found = new Map<string, WorkloadFigures>();
  const short: string[] = [];
  for (const [i, { workload, optional = false }] of plan.entries()) {
    const shareMs = shareOf(weights, i, context.deadlineMs - context.clockMs());
    context.log(`${workload.id}: ${(shareMs / 1000).toFixed(0)} s`);
    if (shareMs < leastWorkloadMs(site.software)) {
      const left = `${workload.id}: not begun, ${(shareMs / 1000).toFixed(0)} s were left for it`;
      if (optional) site.note(left);
      else short.push(left);
      continue;
    }
    const rounds = await timeWorkload(workload, shareMs, site, (figures) => {
      found.set(workload.id, figures);
      onFigures([...found.values()]);
    });
    if (rounds < ROUNDS.least && !optional) short.push(`${workload.id}: ${rounds} rounds`);
  }
  return short;
}

async function run(context: StageContext): Promise<StageEnd> {
  const { places, clockMs } = context;
  const torchOpening = openTorch(places.torch); // imports while our devices open
  const gpuErrors: string[] = [];
  const lanes: LaneProcess[] = [];
  try {
    const webgpu = await openGrounds(context, gpuErrors);
    const { software } = webgpu;
    const own: OwnSite = { webgpu, clockMs, tuning: software ? SMALL_TILE : undefined };
    const measured = ceilingsIn(context.out);
    const ownPeaks = measured.length > 0 ? measured : await productsOf(own, software);
    const opened = await torchOpening;
    const torch = "torch" in opened ? opened.torch : undefined;
    const hasTorch = measured.some(({ backend }) => backend === "torch");
    const others = torch && !hasTorch ? await torchPeaks(torch, productSide(software)) : [];
    const peaks = [...ownPeaks, ...others];
    if (torch) {
      for (const lane of torchLanes(torch.hello, torchDevice())) {
        lanes.push(laneProcess(places.torch, lane, lanes.length === 0 ? torch : undefined));
        lanes.at(-1)?.start(); // imports while products are measured and numbers made
      }
    }
    const notes = notesOf(webgpu, opened);
    let found: readonly WorkloadFigures[] = [];
    const write = () => {
      const errors = gpuErrors.map((message) => `GPU error: ${message}`);
      const figures: StepsFigures = {
        ...{ adapter: webgpu.adapter.name, software, peaks, workloads: found },
        torch: torchWords(opened),
        notes: [...notes, ...errors],
      };
      context.write(figures);
    };
    write();
    const note = (text: string) => notes.push(text);
    const site: Site = { ...own, context, software, lanes, peaks, note };
    const short = await timeAll(planned(software), site, (workloads) => {
      found = workloads;
      write();
    });
    write();
    if (short.length === 0) return { status: "done" };
    const problem = `Too little time for ${ROUNDS.least} rounds each (${short.join(", ")}): give it a larger --budget.`;
    return { status: "incomplete", problem };
  } finally {
    for (const { end } of lanes) end();
    void torchOpening.then((opened) => "torch" in opened && opened.torch.end());
  }
}

/** What a reader must know before the table. */
function notesOf(
  { adapter: { name }, software }: WebGpuGrounds,
  opened: Awaited<ReturnType<typeof openTorch>>,
): string[] {
  const card =
    "torch" in opened && torchDevice() === "cuda" ? opened.torch.hello.device : undefined;
  return [
    ...(software ? ["s2, b2: not on a software adapter; blocks of them instead"] : []),
    ...(card !== undefined && !name.includes(card)
      ? [`PyTorch is on "${card}", which may not be the card of the adapter "${name}"`]
      : []),
    ...("torch" in opened && opened.torch.hello.compiles
      ? ["PyTorch, compiled: torch.compile of the block, the head, the projector and the losses"]
      : []),
  ];
}

function torchWords(opened: Awaited<ReturnType<typeof openTorch>>): string {
  if ("problem" in opened) return opened.problem;
  const { torch, cuda, device, python } = opened.torch.hello;
  const built = cuda === null ? "a trial on the CPU, not a comparison" : `CUDA ${cuda}`;
  return `torch ${torch} (${built}) on ${device}, Python ${python}`;
}

export const steps: Stage = {
  title: "how quick is a training step?",
  weight: 31,
  run,
  lines: (figures: Figures) => stepLines(figures),
};
