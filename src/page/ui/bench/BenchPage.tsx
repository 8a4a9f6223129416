import { Alert, Button, Progress, SegmentedControl, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCopy, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useStore } from "zustand";
import type { BenchRecord, BenchState, BenchStore } from "../../store/benchStore";
import { Logo } from "../components/Logo";
import { useCopy } from "../useCopy";
import { BenchTable, KernelTable } from "./BenchTable";
import { BENCH_WORKLOADS, doubts, findings } from "./benchFigures";
import classes from "./bench.module.css";

export interface BenchPageProps {
  readonly store: BenchStore;
  readonly onStart: () => void;
  /** Ends the measurement at once. */
  readonly onCancel: () => void;
}

/** How fast a training step is on the visitor's GPU: started, measured, explained in text and as a table. */
export function BenchPage({ store, onStart, onCancel }: BenchPageProps) {
  const state = useStore(store);
  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <Logo size={22} />
        <h1>How fast is a training step here?</h1>
        <a href="./">To the studio</a>
      </header>
      <p className={classes.text}>
        This page times whole training steps (forward, backward, clipping, AdamW, EMA) on this
        browser’s GPU, in three ways: with tfjs as it comes, with this project’s kernels, and with
        the same step recorded once and replayed. All three train on the same made-up numbers, one
        step of each in turn. Nothing is stored or sent: the result is yours to copy.
      </p>
      <Controls state={state} onStart={onStart} onCancel={onCancel} />
      <Running state={state} />
      {state.failure && (
        <Alert
          color="red"
          icon={<IconAlertTriangle />}
          title={`Not measured: ${state.failure.code}`}
        >
          <div>{state.failure.message}</div>
          <div>{state.failure.hint}</div>
        </Alert>
      )}
      {state.result && <Result result={state.result} />}
    </main>
  );
}

function Controls({ state, onStart, onCancel }: Omit<BenchPageProps, "store"> & StateProps) {
  const { phase, request, setWorkload } = state;
  const running = phase === "running";
  const offered = BENCH_WORKLOADS.some(({ value }) => value === request.workload);
  return (
    <div className={classes.controls}>
      <SegmentedControl
        aria-label="Model"
        size="sm"
        disabled={running}
        value={request.workload}
        onChange={setWorkload}
        data={[
          ...BENCH_WORKLOADS,
          ...(offered ? [] : [{ value: request.workload, label: request.workload }]),
        ]}
      />
      {running ? (
        <Button variant="default" leftSection={<IconX size={16} />} onClick={onCancel}>
          Cancel
        </Button>
      ) : (
        <Button leftSection={<IconPlayerPlay size={16} />} onClick={onStart}>
          {state.result ? "Measure again" : "Measure"}
        </Button>
      )}
    </div>
  );
}

interface StateProps {
  readonly state: BenchState;
}

/** What it is busy with; the region stays, so that changes in it are announced. */
function Running({ state: { phase, progress } }: StateProps) {
  const { text, done, all } = progress;
  const words = { idle: "", done: "Measured.", cancelled: "Cancelled.", failed: "", running: text };
  return (
    <div className={classes.running}>
      {phase === "running" && (
        <Progress
          value={all > 0 ? (100 * done) / all : 100}
          animated={all === 0}
          aria-label="Rounds measured"
        />
      )}
      <div role="status" aria-label="Measurement">
        {words[phase]}
      </div>
    </div>
  );
}

function Result({ result }: { readonly result: BenchRecord }) {
  const { adapter, workload, steps, warmUp, variants } = result;
  const kernels = variants.find((variant) => variant.kernels?.length)?.kernels;
  return (
    <section aria-label="Result" className={classes.result}>
      {doubts(result).map((doubt) => (
        <Alert key={doubt} color="yellow" icon={<IconAlertTriangle />} p="sm">
          {doubt}
        </Alert>
      ))}
      <p className={classes.facts}>
        <strong>{adapter.name}</strong>
        {`${workload.description}; ${workload.batch} images a step; ${steps} timed steps after ${warmUp}.`}
      </p>
      <BenchTable result={result} />
      <ul className={classes.findings}>
        {findings(result).map((finding) => (
          <li key={finding}>{finding}</li>
        ))}
      </ul>
      {kernels ? (
        <KernelTable kernels={kernels} />
      ) : (
        <p className={classes.text}>
          The GPU’s time by kernel is not known: this adapter offers no timestamps.
        </p>
      )}
      <CopyResult result={result} />
    </section>
  );
}

function CopyResult({ result }: { readonly result: BenchRecord }) {
  const { state, copy } = useCopy(() => JSON.stringify(result, null, 2));
  return (
    <div>
      <Button
        variant="default"
        leftSection={state.kind === "copied" ? <IconCheck size={16} /> : <IconCopy size={16} />}
        onClick={copy}
      >
        {state.kind === "copied" ? "Copied" : "Copy result"}
      </Button>
      <p className={classes.hint}>
        As JSON, with every loss, the adapter, this browser’s name and the date.
      </p>
      {state.kind === "manual" && (
        <Textarea
          label="Result"
          description={state.reason}
          value={state.text}
          readOnly
          rows={8}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </div>
  );
}
