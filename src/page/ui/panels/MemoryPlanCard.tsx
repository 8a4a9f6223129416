import { Button, Collapse, NumberInput, UnstyledButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import { useId, useMemo, useState } from "react";
import { memoryPlan, type MemoryGroup, type MemoryPlan } from "../../../common/config/memoryPlan";
import { limitsOf } from "../../../common/config/memoryRefusal";
import {
  DEFAULT_BUDGET_BYTES,
  isWithinBudget,
  isWithinBufferLimit,
  changesText,
  memorySuggestions,
  type MemoryLimits,
  type MemorySuggestion,
  type SettingChange,
} from "../../../common/config/memorySuggestions";
import type { ModelFamily } from "../../../common/config/modelFamily";
import { gridSide } from "../../../common/config/sizes";
import type { BackendName } from "../../../common/protocol/shared";
import { computesOnGpu, knownDevice, selectActive, selectOwnDevice } from "../../store/selectors";
import { formatBytes } from "../explain/format";
import { useStudio, useStudioStore } from "../useStudio";
import classes from "./memoryPlan.module.css";

const GB = 1e9;

/** How much memory the edited experiment will take, before anything of it is computed. */
export function MemoryPlanCard() {
  const store = useStudioStore();
  const experiment = useStudio((state) => state.experiment.value);
  const active = useStudio(selectActive);
  const ofRun = useStudio(selectOwnDevice);
  const capability = useStudio((state) => state.capability);
  const [budgetGb, setBudgetGb] = useLocalStorage({
    key: "repa-studio-memory-budget-gb",
    defaultValue: DEFAULT_BUDGET_BYTES / GB,
  });
  const onGpu = computesOnGpu(ofRun, capability);
  const device = useMemo(() => knownDevice(ofRun, capability), [ofRun, capability]);
  const { plan, limits, suggestions } = useMemo(() => {
    const known = limitsOf(device ?? { backend: "webgpu" });
    const budgetBytes = Math.min(known.budgetBytes, (budgetGb > 0 ? budgetGb : 4) * GB);
    const held: MemoryLimits = { ...known, budgetBytes };
    return {
      limits: held,
      plan: memoryPlan(experiment, held.step),
      suggestions: memorySuggestions(experiment, held),
    };
  }, [experiment, budgetGb, device]);
  if (!Number.isInteger(gridSide(experiment))) return null; // the form says what is wrong
  return (
    <MemoryPlanView
      plan={plan}
      limits={limits}
      suggestions={suggestions}
      family={experiment.model.family}
      locked={active}
      place={{ onGpu, backend: device?.backend ?? null }}
      onBudget={(gb) => setBudgetGb(gb)}
      onApply={(changes) => {
        for (const { group, name, value } of changes) store.getState().setField(group, name, value);
      }}
    />
  );
}

/** Whose memory a plan counts. */
export interface MemoryPlace {
  readonly onGpu: boolean;
  /** Null where a start decides it. */
  readonly backend: BackendName | null;
}

export interface MemoryPlanViewProps {
  readonly place: MemoryPlace;
  readonly plan: MemoryPlan;
  readonly limits: MemoryLimits;
  readonly suggestions: readonly MemorySuggestion[];
  readonly family: ModelFamily;
  /** A run is active: its settings cannot be changed. */
  readonly locked: boolean;
  readonly onBudget: (gb: number) => void;
  readonly onApply: (changes: readonly SettingChange[]) => void;
}

export function MemoryPlanView(props: MemoryPlanViewProps) {
  const { plan, limits, onBudget } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const fits = isWithinBudget(plan, limits) && isWithinBufferLimit(plan, limits);
  return (
    <section
      className={classes.card}
      aria-label={`${memoryName(props.place)} plan`}
      data-fits={fits}
    >
      <UnstyledButton
        className={classes.head ?? ""}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <IconChevronRight size={13} className={classes.chevron ?? ""} />
        <span>{memoryName(props.place)}, planned</span>
        <strong>{formatBytes(plan.peakBytes)}</strong>
      </UnstyledButton>
      <Bar {...props} />
      {!fits && <Misfit {...props} />}
      {!fits && <Suggestions {...props} />}
      <Collapse id={id} expanded={open} keepMounted={false}>
        <Rows {...props} />
        <div className={classes.budget}>
          <label htmlFor={`${id}-budget`}>Budget</label>
          <NumberInput
            id={`${id}-budget`}
            size="xs"
            w={92}
            min={0.1}
            max={1000}
            decimalScale={1}
            hideControls
            value={limits.budgetBytes / GB}
            onChange={(value) => {
              if (typeof value === "number" && value > 0) onBudget(value);
            }}
            rightSection={<span className={classes.unit}>GB</span>}
            rightSectionPointerEvents="none"
          />
        </div>
        <p className={classes.note}>{noteText(props.place)}</p>
      </Collapse>
    </section>
  );
}

const memoryName = ({ onGpu }: MemoryPlace): string => (onGpu ? "GPU memory" : "Memory");

/** What the plan counts, and what is known of the limit. */
function noteText({ onGpu, backend }: MemoryPlace): string {
  switch (backend) {
    case "wasm":
      return "Counted for the training step of the slow mode. WebAssembly has 4.3 GB at most.";
    case "cpu":
      return "Counted for the training step of the slow mode. Set the budget to what this machine can spare.";
    case "webgpu":
    case null:
      return onGpu
        ? "Counted for the WebGPU training step. Browsers do not say how much memory a GPU has: set the budget to what yours can spare."
        : "Counted for the WebGPU training step. It takes this machine’s own memory here: set the budget to what that can spare.";
  }
}

/** State and step as shares of the budget, the whole bar when they pass it. */
function Bar({ plan, limits, place }: MemoryPlanViewProps) {
  const whole = Math.max(plan.peakBytes, limits.budgetBytes);
  const width = (bytes: number) => `${(100 * bytes) / whole}%`;
  const text = `${formatBytes(plan.peakBytes)} of ${formatBytes(limits.budgetBytes)}`;
  return (
    <div
      className={classes.bar}
      role="meter"
      aria-label={`Planned ${place.onGpu ? "GPU memory" : "memory"}`}
      aria-valuemin={0}
      aria-valuemax={limits.budgetBytes}
      aria-valuenow={Math.min(plan.peakBytes, limits.budgetBytes)}
      aria-valuetext={text}
      title={text}
    >
      <div className={classes.state} style={{ width: width(plan.stateBytes) }} />
      <div className={classes.step} style={{ width: width(plan.peakBytes - plan.stateBytes) }} />
    </div>
  );
}

/** Why it does not fit, with both numbers. */
function Misfit({ plan, limits, suggestions }: MemoryPlanViewProps) {
  const buffer = Math.min(limits.maxBufferBytes ?? Infinity, limits.maxBindingBytes ?? Infinity);
  return (
    <p className={classes.misfit} role="status">
      {isWithinBudget(plan, limits)
        ? `This device allows buffers of ${formatBytes(buffer)}; ${plan.largestBuffer.name} would take ${formatBytes(plan.largestBuffer.bytes)}.`
        : `Over the budget of ${formatBytes(limits.budgetBytes)}.`}
      {suggestions.length === 0 &&
        " Neither micro-batches, recomputation nor a smaller model is enough."}
    </p>
  );
}

/** What would fit, as buttons with the bytes it takes; what leaves the result alone comes first. */
function Suggestions({ suggestions, family, locked, onApply }: MemoryPlanViewProps) {
  return [true, false].map((same) => {
    const offered = suggestions.filter(({ sameResult }) => sameResult === same);
    if (offered.length === 0) return null;
    const title = same ? "Fits, with the same result" : "Fits, with another result";
    return (
      <div key={title} className={classes.suggestions} role="group" aria-label={title}>
        <span className={classes.caption}>{title}</span>
        {offered.map(({ changes, peakBytes }) => (
          <Button
            key={changesText(changes, family)}
            size="compact-xs"
            variant="light"
            fw={500}
            justify="space-between"
            fullWidth
            disabled={locked}
            onClick={() => onApply(changes)}
            rightSection={<span className={classes.bytes}>{formatBytes(peakBytes)}</span>}
          >
            {changesText(changes, family)}
          </Button>
        ))}
      </div>
    );
  });
}

const GROUPS: readonly { readonly group: MemoryGroup; readonly title: string }[] = [
  { group: "state", title: "Held throughout" },
  { group: "training", title: "During a step" },
  { group: "evaluation", title: "During evaluation, beside it" },
];

function Rows({ plan, place }: MemoryPlanViewProps) {
  const totals: Readonly<Record<MemoryGroup, number>> = {
    state: plan.stateBytes,
    training: plan.trainingBytes,
    evaluation: plan.evaluationBytes,
  };
  return (
    <table className={classes.rows} aria-label={`${memoryName(place)} by use`}>
      {GROUPS.map(({ group, title }) => (
        <tbody key={group}>
          <tr>
            <th scope="rowgroup">{title}</th>
            <th>{formatBytes(totals[group])}</th>
          </tr>
          {plan.rows
            .filter((row) => row.group === group && row.bytes > 0)
            .map(({ name, bytes, why }) => (
              <tr key={name} title={why}>
                <td>{name}</td>
                <td>{formatBytes(bytes)}</td>
              </tr>
            ))}
        </tbody>
      ))}
    </table>
  );
}
