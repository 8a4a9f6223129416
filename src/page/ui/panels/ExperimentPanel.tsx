import { ActionIcon, Collapse, Select, Tooltip, UnstyledButton } from "@mantine/core";
import { IconChevronRight, IconRestore } from "@tabler/icons-react";
import { memo, Suspense, useId, useState } from "react";
import type { ExperimentGroup } from "../../../common/config/experiment";
import { FAMILY_LABELS } from "../../../common/config/modelFamily";
import { PRESETS } from "../../../common/config/presets";
import { FORM_GROUPS, groupInfoOf, isShown, SETTINGS } from "../../../common/config/settings";
import { experimentParameterCount, gridSide, latentShape } from "../../../common/config/sizes";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { Field } from "../components/Field";
import { Hint } from "../components/Notes";
import { lazyPart } from "../components/lazyPart";
import { useDropZone } from "../components/useDropZone";
import { formatCount } from "../explain/format";
import { useStudio, useStudioStore } from "../useStudio";
import { MemoryPlanCard } from "./MemoryPlanCard";
import { RunFiles, Scheduled } from "./RunFiles";
import { TrainPair } from "../runs/TrainPair";
import classes from "./panels.module.css";

const MethodDrawing = lazyPart(() =>
  import("../method/MethodDrawing").then((module) => module.MethodDrawing),
);

export const ExperimentPanel = memo(function ExperimentPanel() {
  const active = useStudio(selectActive);
  const { openFile } = useCommands();
  const drop = useDropZone(({ files }) => [...files].forEach(openFile));
  return (
    <aside className={classes.experiment} aria-label="Experiment" {...drop}>
      <PresetSelect />
      <Method />
      <RunFiles />
      <TrainPair />
      <Scheduled />
      <Facts />
      <MemoryPlanCard />
      {active && (
        <Hint>
          Locked while the run is active. Settings marked <em>live</em> take effect at the next
          step; encoders can be changed once caches are filled.
        </Hint>
      )}
      <div style={{ marginTop: 10 }}>
        {FORM_GROUPS.map((group) => (
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
      {preset && <Hint>{preset.description}</Hint>}
      {changed > 0 && (
        <Hint>
          {changed} {changed === 1 ? "setting differs" : "settings differ"} from the preset.
        </Hint>
      )}
    </>
  );
}

/** The method as a drawing of its settings; open on a page that has no run to show yet. */
function Method() {
  const store = useStudioStore();
  const [open, setOpen] = useState(() => store.getState().run.phase === "idle");
  return (
    <details
      className={classes.method}
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>The method, drawn</summary>
      {open && (
        <Suspense fallback={null}>
          <MethodDrawing />
        </Suspense>
      )}
    </details>
  );
}

/** What follows from the settings, before anything is computed. */
function Facts() {
  const experiment = useStudio((state) => state.experiment.value);
  const { side, channels } = latentShape(experiment);
  const grid = gridSide(experiment);
  return (
    <dl className={classes.facts} aria-label="Derived from the settings">
      <dt title={`${FAMILY_LABELS[experiment.model.family]} without its projectors`}>Parameters</dt>
      <dd title={`${FAMILY_LABELS[experiment.model.family]} without its projectors`}>
        {formatCount(experimentParameterCount(experiment))}
      </dd>
      <dt>Tokens</dt>
      <dd>{Number.isInteger(grid) ? `${grid} × ${grid}` : "–"}</dd>
      <dt>Latents</dt>
      <dd>{`${side} × ${side} × ${channels}`}</dd>
    </dl>
  );
}

function FieldGroup({ group }: { readonly group: ExperimentGroup }) {
  const info = groupInfoOf(group);
  const [open, setOpen] = useState(info.open === true);
  const id = useId();
  const resetGroup = useStudio((state) => state.resetGroup);
  const active = useStudio(selectActive);
  const paths = useStudio((state) => state.experiment.changed);
  const changed = SETTINGS.filter(
    (setting) => setting.group === group && paths.includes(setting.path),
  ).length;
  const name = info.label;
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
  const settings = SETTINGS.filter(
    (setting) => setting.group === group && isShown(setting, experiment),
  );
  const folded = settings.filter(({ info }) => info.advanced === true);
  return (
    <div className={classes.groupBody}>
      {settings
        .filter(({ info }) => info.advanced !== true)
        .map((setting) => (
          <Field key={setting.path} setting={setting} />
        ))}
      {folded.length > 0 && (
        <>
          <Collapse expanded={unfolded} keepMounted={false}>
            {folded.map((setting) => (
              <Field key={setting.path} setting={setting} />
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
