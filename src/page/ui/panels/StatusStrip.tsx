import { Badge, Popover, UnstyledButton, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { selectEtaSeconds, selectOwnDevice, selectStepMs } from "../../store/selectors";
import type { Capability } from "../../store/deviceSlice";
import type { RunState } from "../../store/runSlice";
import { missingWeightsBytes } from "../../store/weightsSlice";
import { selfCheckLines, slowTextOf } from "../explain/device";
import { formatBytes, formatDuration, formatRate } from "../explain/format";
import { PHASES } from "../explain/names";
import { useStudio } from "../useStudio";
import { Elapsed } from "./Elapsed";
import { NextUp } from "./NextUp";
import classes from "./panels.module.css";

/** One line: where the run is, how fast, on what, with how much memory and storage. Scripts read the step from `data-step`. */
export function StatusStrip({ onStorage }: { readonly onStorage: () => void }) {
  const run = useStudio((state) => state.run);
  const stepMs = useStudio(selectStepMs);
  const eta = useStudio(selectEtaSeconds);
  const storage = useStudio((state) => state.data.storage);
  const total = run.experiment?.optimizer.steps ?? null;
  return (
    <section className={classes.status} aria-label="Status" data-step={run.step}>
      <PhaseBadge phase={run.phase} />
      <div role="status" aria-label="Run" aria-live="off">
        <RunText run={run} />
      </div>
      {stepMs !== null && <Stat name="rate">{formatRate(stepMs)}</Stat>}
      <NextUp />
      {eta !== null && <Stat name="left">{formatDuration(eta)}</Stat>}
      <Detail detail={run.detail} />
      <Elapsed key={run.phase} phase={run.phase} show={(text) => <Stat name="for">{text}</Stat>} />
      <Download />
      <div className={classes.spacer} />
      <Device />
      {run.memory && (
        <Stat name="memory">
          {formatBytes(run.memory.bytes)}
          <small>{run.memory.tensors} tensors</small>
        </Stat>
      )}
      {storage && (
        <UnstyledButton className={classes.stat ?? ""} onClick={onStorage} fz="inherit">
          <small>storage</small>
          {formatBytes(storage.usedBytes)}
        </UnstyledButton>
      )}
      <ProgressLine done={run.step} total={total} />
    </section>
  );
}

/** Along the bottom: caches while they are filled, else the run. */
function ProgressLine(props: { readonly done: number; readonly total: number | null }) {
  const caching = useStudio((state) => state.data.progress);
  const { done, total } = caching ?? props;
  if (total === null || total <= 0) return null;
  const color = caching ? "var(--mantine-color-blue-filled)" : undefined;
  const width = `${Math.min(100, (100 * done) / total)}%`;
  return <div className={classes.progress} style={{ width, background: color }} />;
}

function RunText({ run }: { readonly run: RunState }) {
  const total = run.experiment?.optimizer.steps;
  if (run.phase === "idle" || total === undefined) return <>No run yet</>;
  return (
    <>
      <span className={classes.runText}>Step {run.step}</span>
      <span className={classes.runTotal}> of {total}</span>
    </>
  );
}

/** Weights that arrive behind the page; pressing it shows them. */
function Download() {
  const ask = useStudio((state) => state.weights.ask);
  const show = useStudio((state) => state.showWeights);
  if (!ask?.hidden) return null;
  return (
    <UnstyledButton className={classes.stat ?? ""} fz="inherit" onClick={() => show(true)}>
      <small>weights</small>
      {formatBytes(missingWeightsBytes(ask))} to go
    </UnstyledButton>
  );
}

/** What the run is busy with; caching reports its own progress. Scripts read it from the data attributes. */
function Detail({ detail }: { readonly detail: string }) {
  const progress = useStudio((state) => state.data.progress);
  const upgrading = useStudio((state) => state.data.upgrading);
  const text = progress
    ? `${progress.label}: ${progress.done} of ${progress.total} images, ${progress.imagesPerSecond.toFixed(0)}/s`
    : upgrading !== null
      ? `Bringing what is stored into this version's form, ${Math.floor(100 * upgrading)} %. Keep the page open.`
      : detail;
  return text === "" ? null : (
    <span
      className={classes.detail}
      title={text}
      data-done={progress?.done}
      data-total={progress?.total}
      data-rate={progress?.imagesPerSecond}
    >
      {text}
    </span>
  );
}

function PhaseBadge({ phase }: { readonly phase: RunState["phase"] }) {
  const look = PHASES[phase];
  return (
    <>
      <span
        className={classes.phase}
        style={{
          color: `var(--mantine-color-${look.color}-light-color)`,
          background: `var(--mantine-color-${look.color}-light)`,
        }}
      >
        <span className={classes.dot} data-busy={look.busy || undefined} />
        {look.text}
      </span>
      {/* Announced when it changes; the step counter beside it is not, or it would never stop talking. */}
      <VisuallyHidden aria-live="polite">{look.text}</VisuallyHidden>
    </>
  );
}

function Stat({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <span className={classes.stat}>
      <small>{name}</small>
      {children}
    </span>
  );
}

/** What runs will be computed on; "device" where a start decides it. */
const backendOf = (capability: Capability): string =>
  capability.kind === "slow" ? (capability.backend ?? "device") : "webgpu";

/** The adapter timings belong to: the run's, or what this browser offers. */
function Device() {
  const device = useStudio(selectOwnDevice);
  const capability = useStudio((state) => state.capability);
  if (device === null && capability.kind === "checking")
    return <Stat name="device">checking…</Stat>;
  if (device === null && capability.kind === "failed") return <Stat name="device">none</Stat>;
  const adapter = device?.adapter ?? ("adapter" in capability ? capability.adapter : "unknown");
  const slow = device?.slow ?? capability.kind === "slow";
  const before = capability.kind === "slow" ? capability.reason : null;
  const failures = device ? selfCheckLines(device) : [];
  return (
    <span className={`${classes.stat ?? ""} ${classes.shrinks ?? ""}`}>
      <small>{device?.backend ?? backendOf(capability)}</small>
      <span className={classes.detail} title={adapter}>
        {adapter}
      </span>
      {slow && <SlowMode reason={slowTextOf(device, before)} />}
      {failures.length > 0 && <SelfCheck lines={failures} />}
    </span>
  );
}

function SlowMode({ reason }: { readonly reason: string }) {
  return (
    <Remark label="slow mode">
      {reason} Everything works and every number is right; only the speed is not a GPU’s, so no
      timing here says anything about WebGPU.
    </Remark>
  );
}

function SelfCheck({ lines }: { readonly lines: readonly string[] }) {
  return (
    <Remark label="self-check">
      Some kernels computed something else than they should at the start and are not used. What is
      used agrees.
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </Remark>
  );
}

/** A label about the device; pressing it opens an explanation. */
function Remark({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <Popover width={300} position="bottom-end" withArrow shadow="md">
      <Popover.Target>
        <Badge
          component="button"
          size="sm"
          variant="light"
          color="yellow"
          tt="none"
          style={{ cursor: "pointer" }}
        >
          {label}
        </Badge>
      </Popover.Target>
      <Popover.Dropdown fz="sm" style={{ whiteSpace: "normal" }}>
        {children}
      </Popover.Dropdown>
    </Popover>
  );
}
