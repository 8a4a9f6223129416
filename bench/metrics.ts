/**
 * Cost of the metrics in a worker: `npm run bench:metrics [-- [--where node|chromium] TASK…]`. Every measurement runs
 * in a process (Node) or a browser (Chromium) of its own, whose main thread only watches: memory, and how long it had
 * to wait for its own timer.
 */
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parseArgs } from "node:util";
import { z } from "zod";
import { formatFile } from "./format";
import { measureInChromium } from "./metricsChromium";
import { METRICS_TASKS } from "./metricsTasks";
import { METRICS_RESULTS } from "./results";

const POLL_MS = 10;
const BYTES_PER_MB = 2 ** 20;

const Where = z.enum(["node", "chromium"]);
type Where = z.infer<typeof Where>;

const Measurement = z.object({
  /** Which kind of worker: Node's worker thread or a module worker of a page. */
  where: Where.default("node"),
  task: z.string(),
  n: z.number(),
  width: z.number(),
  /** Wall and processor seconds; on a busy machine the second is nearer to an idle one's wall time. */
  seconds: z.number(),
  cpuSeconds: z.number(),
  /** Growth of the process's resident memory, features included. */
  peakMb: z.number(),
  /** The longest the watching thread's 10 ms timer was late. */
  mainLateMs: z.number(),
  pauses: z.number(),
  loadAverage: z.number(),
});
type Measurement = z.infer<typeof Measurement>;

const Results = z.object({
  machine: z.object({ cpu: z.string(), cores: z.number(), node: z.string() }),
  remark: z.string(),
  measurements: z.array(Measurement),
});

const Job = z.object({ task: z.string(), n: z.number() });
const Done = z.object({ pauses: z.number() });

const taskById = (id: string) => {
  const task = METRICS_TASKS.find((one) => one.id === id);
  if (!task)
    throw new Error(`No task "${id}"; there are ${METRICS_TASKS.map((t) => t.id).join()}.`);
  return task;
};

/** In the worker: one computation, then how often it paused. */
async function work() {
  const job = Job.parse(workerData);
  const task = taskById(job.task);
  let pauses = 0;
  await task.run(job.n, task.width, () => {
    pauses++;
  });
  parentPort?.postMessage({ pauses });
}

/** In a process of its own: starts the worker and watches. */
async function watch(job: z.infer<typeof Job>): Promise<Measurement> {
  const { width } = taskById(job.task);
  const before = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const started = performance.now();
  let [peak, last, late] = [before, started, 0];
  const timer = setInterval(() => {
    const now = performance.now();
    late = Math.max(late, now - last - POLL_MS);
    last = now;
    peak = Math.max(peak, process.memoryUsage.rss());
  }, POLL_MS);
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job });
  const { pauses } = Done.parse(
    await new Promise<unknown>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  clearInterval(timer);
  const { user, system } = process.cpuUsage(cpu);
  return {
    where: "node",
    ...job,
    width,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMb: (peak - before) / BYTES_PER_MB,
    mainLateMs: late,
    pauses,
    loadAverage: loadavg()[0] ?? NaN,
  };
}

function measureApart(task: string, n: number): Measurement {
  const args = [fileURLToPath(import.meta.url), "--one", JSON.stringify({ task, n })];
  const child = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (child.status !== 0) throw new Error(`${task} at n = ${n}: ${child.stderr}`);
  return Measurement.parse(JSON.parse(child.stdout));
}

async function measureInPage(task: string, n: number): Promise<Measurement> {
  const { pageLateMs, ...measured } = await measureInChromium({ task, n });
  return {
    where: "chromium",
    task,
    n,
    width: taskById(task).width,
    seconds: measured.seconds,
    cpuSeconds: measured.cpuSeconds,
    peakMb: measured.peakMb,
    mainLateMs: pageLateMs,
    pauses: measured.pauses,
    loadAverage: loadavg()[0] ?? NaN,
  };
}

/** Exponent of n between the last two counts, by processor time. */
function growth(measured: readonly Measurement[]): string {
  const [a, b] = measured.slice(-2);
  if (!a || !b) return "";
  return `~ n^${(Math.log(b.cpuSeconds / a.cpuSeconds) / Math.log(b.n / a.n)).toFixed(2)}`;
}

const order = ({ task, where }: Measurement) =>
  METRICS_TASKS.findIndex(({ id }) => id === task) + (where === "node" ? 0 : METRICS_TASKS.length);

/** Replaces the task's rows in the results file. */
async function store(where: Where, task: string, measured: readonly Measurement[]) {
  const kept = await readFile(METRICS_RESULTS, "utf8").then(
    (text) =>
      Results.parse(JSON.parse(text)).measurements.filter(
        (m) => m.task !== task || m.where !== where,
      ),
    () => [],
  );
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
  };
  const remark = "The machine may be shared with other work: see loadAverage.";
  const measurements = [...kept, ...measured].sort((a, b) => order(a) - order(b) || a.n - b.n);
  await writeFile(METRICS_RESULTS, JSON.stringify({ machine, remark, measurements }, null, 2));
  formatFile(METRICS_RESULTS);
}

/** Measures the tasks named, all when none is. */
async function bench(where: Where, names: readonly string[]) {
  for (const task of names.length > 0 ? names.map(taskById) : METRICS_TASKS) {
    console.log(`${task.title} (width ${task.width})`);
    const measured: Measurement[] = [];
    for (const n of task.counts) {
      const one = where === "node" ? measureApart(task.id, n) : await measureInPage(task.id, n);
      const { seconds, cpuSeconds, peakMb, mainLateMs } = one;
      console.log(
        `  n = ${n}: ${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s CPU), peak ${peakMb.toFixed(0)} MB, main thread late by at most ${mainLateMs.toFixed(0)} ms`,
      );
      measured.push(one);
    }
    console.log(`  growth ${growth(measured)}`);
    await store(where, task.id, measured);
  }
}

if (!isMainThread) {
  await work();
} else if (process.argv[2] === "--one") {
  console.log(JSON.stringify(await watch(Job.parse(JSON.parse(process.argv[3] ?? "")))));
} else {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { where: { type: "string", default: "node" } },
  });
  await bench(Where.parse(values.where), positionals);
}
