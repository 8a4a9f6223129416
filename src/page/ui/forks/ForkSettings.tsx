import { fixedInFork } from "../../../common/config/forks";
import { FORM_GROUPS, groupInfoOf, isShown, SETTINGS } from "../../../common/config/settings";
import type { ExperimentGroup } from "../../../common/config/experiment";
import { Field } from "../components/Field";
import { Heading } from "../components/Notes";
import { useStudio } from "../useStudio";
import classes from "./forks.module.css";

const FREE = SETTINGS.filter((setting) => fixedInFork(setting) === null);
const FREE_GROUPS = FORM_GROUPS.filter((group) => FREE.some((setting) => setting.group === group));
const FIXED_GROUPS = FORM_GROUPS.filter((group) => groupInfoOf(group).fixedInFork !== undefined);
const FIXED = SETTINGS.filter(({ info }) => info.fixedInFork !== undefined);

/** What a fork may have otherwise than its parent, by group, and what it may not, with the reasons. */
export function ForkSettings() {
  return (
    <>
      <Heading order={3}>With other settings</Heading>
      {FREE_GROUPS.map((group, place) => (
        <Group key={group} group={group} open={place === 0} />
      ))}
      <details className={classes.group}>
        <summary>Fixed by the checkpoint</summary>
        <dl className={classes.fixed}>
          {FIXED_GROUPS.map((group) => (
            <Fixed
              key={group}
              name={groupInfoOf(group).label}
              why={groupInfoOf(group).fixedInFork}
            />
          ))}
          {FIXED.map(({ path, info }) => (
            <Fixed key={path} name={info.label} why={info.fixedInFork} />
          ))}
        </dl>
      </details>
    </>
  );
}

function Group({ group, open }: { readonly group: ExperimentGroup; readonly open: boolean }) {
  const experiment = useStudio((state) => state.experiment.value);
  const changed = useStudio(
    (state) => state.experiment.changed.filter((path) => path.startsWith(`${group}.`)).length,
  );
  const { label } = groupInfoOf(group);
  return (
    <details className={classes.group} open={open} aria-label={label}>
      <summary>
        {label}
        {changed > 0 && <small> {changed} changed</small>}
      </summary>
      {FREE.filter((setting) => setting.group === group && isShown(setting, experiment)).map(
        (setting) => (
          <Field key={setting.path} setting={setting} />
        ),
      )}
    </details>
  );
}

function Fixed({ name, why }: { readonly name: string; readonly why: string | undefined }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{why}</dd>
    </>
  );
}
