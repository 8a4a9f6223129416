import { ActionIcon, Collapse, Select, Tooltip, UnstyledButton } from "@mantine/core";
import { IconChevronRight, IconRestore } from "@tabler/icons-react";
import { memo, useId, useState } from "react";
import type { Experiment, ExperimentGroup } from "../../../common/config/experiment";
import { PRESETS } from "../../../common/config/presets";
import { experimentParameterCount, gridSide, latentShape } from "../../../common/config/sizes";
import { FIELDS, type FieldDescription } from "../../store/fields";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { Field } from "../components/Field";
import { formatCount } from "../explain/format";
import { GROUP_NAMES } from "../explain/names";
import { useStudio } from "../useStudio";
import { MemoryPlanCard } from "./MemoryPlanCard";
import classes from "./panels.module.css";

/** What one looks for first comes first: the alignment, then what is trained, on what, how. */
const ORDER: readonly ExperimentGroup[] = [
  "alignment",
  "model",
  "optimizer",
  "evaluation",
  "sampling",
  "data",
  "autoencoder",
  "transport",
];
const OPEN_AT_FIRST: readonly ExperimentGroup[] = ["alignment", "model", "optimizer"];

export const ExperimentPanel = memo(function ExperimentPanel() {
  const active = useStudio(selectActive);
  return (
    <aside className={classes.experiment} aria-label="Experiment">
      <PresetSelect />
      <Facts />
      <MemoryPlanCard />
      {active && (
        <p className={classes.hint}>
          Locked while the run is active. Settings marked <em>live</em> take effect at the next
          step.
        </p>
      )}
      <div style={{ marginTop: 10 }}>
        {ORDER.map((group) => (
          <FieldGroup key={group} group={group} />
        ))}
      </div>
    </aside>
  );
});

function PresetSelect() {
  const { selectPreset } = useCommands();
  const presetId = useStudio((state) => state.experiment.presetId);
  const changed = useStudio((state) => state.experiment.changed.length);
  const active = useStudio(selectActive);
  const preset = PRESETS.find(({ id }) => id === presetId);
  return (
    <>
      <Select
        label="Preset"
        size="sm"
        placeholder="From a link or a stored run"
        data={PRESETS.map(({ id, name }) => ({ value: id, label: name }))}
        value={preset?.id ?? null}
        onChange={(id) => {
          if (id !== null) selectPreset(id);
        }}
        disabled={active}
        allowDeselect={false}
        maxDropdownHeight={360}
        comboboxProps={{ shadow: "md" }}
      />
      {preset && <p className={classes.hint}>{preset.description}</p>}
      {changed > 0 && (
        <p className={classes.hint}>
          {changed} {changed === 1 ? "setting differs" : "settings differ"} from the preset.
        </p>
      )}
    </>
  );
}

/** What follows from the settings, before anything is computed. */
function Facts() {
  const experiment = useStudio((state) => state.experiment.value);
  const { side, channels } = latentShape(experiment);
  const grid = gridSide(experiment);
  return (
    <dl className={classes.facts} aria-label="Derived from the settings">
      <dt title="SiT without its projectors">Parameters</dt>
      <dd title="SiT without its projectors">
        {formatCount(experimentParameterCount(experiment))}
      </dd>
      <dt>Tokens</dt>
      <dd>{Number.isInteger(grid) ? `${grid} × ${grid}` : "–"}</dd>
      <dt>Latents</dt>
      <dd>{`${side} × ${side} × ${channels}`}</dd>
    </dl>
  );
}

/** Settings that mean nothing at the moment are not shown. */
function isRelevant({ path }: FieldDescription, experiment: Experiment): boolean {
  if (path === "alignment.temperature") return experiment.alignment.objective === "ntxent";
  if (path === "model.width" || path === "model.depth" || path === "model.heads") {
    return experiment.model.size === "custom";
  }
  if (path === "data.imported") return experiment.data.dataset === "imported";
  if (path === "sampling.guidanceLow" || path === "sampling.guidanceHigh") {
    return experiment.sampling.guidanceScale > 1;
  }
  return true;
}

/** Custom sizes and τ are part of the choice above them, so they are not folded away. */
const isFolded = (field: FieldDescription): boolean =>
  field.info.advanced === true && field.group !== "model" && field.path !== "alignment.temperature";

function FieldGroup({ group }: { readonly group: ExperimentGroup }) {
  const [open, setOpen] = useState(OPEN_AT_FIRST.includes(group));
  const id = useId();
  const resetGroup = useStudio((state) => state.resetGroup);
  const active = useStudio(selectActive);
  const changed = useStudio((state) => state.experiment.changed).filter((path) =>
    path.startsWith(`${group}.`),
  ).length;
  const name = GROUP_NAMES[group];
  return (
    <section className={classes.group} aria-label={name}>
      <div className={classes.groupHead}>
        <UnstyledButton
          className={classes.groupToggle ?? ""}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          fz="inherit"
        >
          <IconChevronRight size={14} className={classes.chevron ?? ""} />
          {name}
          {changed > 0 && <span className={classes.count}>{changed} changed</span>}
        </UnstyledButton>
        {changed > 0 && !active && (
          <Tooltip label={`Reset ${name}`} withArrow>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={`Reset ${name}`}
              onClick={() => resetGroup(group)}
            >
              <IconRestore size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <div id={id} hidden={!open}>
        {open && <GroupBody group={group} />}
      </div>
    </section>
  );
}

function GroupBody({ group }: { readonly group: ExperimentGroup }) {
  const [unfolded, setUnfolded] = useState(false);
  const experiment = useStudio((state) => state.experiment.value);
  const fields = FIELDS.filter((field) => field.group === group && isRelevant(field, experiment));
  const folded = fields.filter(isFolded);
  return (
    <div className={classes.groupBody}>
      {fields
        .filter((field) => !isFolded(field))
        .map((field) => (
          <Field key={field.path} field={field} />
        ))}
      {folded.length > 0 && (
        <>
          <Collapse expanded={unfolded} keepMounted={false}>
            {folded.map((field) => (
              <Field key={field.path} field={field} />
            ))}
          </Collapse>
          <UnstyledButton
            className={classes.more ?? ""}
            aria-expanded={unfolded}
            onClick={() => setUnfolded(!unfolded)}
          >
            {unfolded ? "Fewer settings" : `${folded.length} advanced`}
          </UnstyledButton>
        </>
      )}
    </div>
  );
}
