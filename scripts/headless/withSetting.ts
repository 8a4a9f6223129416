import { Experiment } from "../../src/common/config/experiment";
import { settingAt, SETTINGS } from "../../src/common/config/settings";
import { StudioError } from "../../src/common/errors/studioError";

const refuse = (message: string) =>
  new StudioError(
    "BAD_CONFIG",
    message,
    "`npm run headless -- --help` shows how settings are given.",
  );

/**
 * The experiment with `group.key` set to a value its schema accepts.
 * @throws StudioError BAD_CONFIG naming the setting and the value
 */
export function withSetting(experiment: Experiment, path: string, value: unknown): Experiment {
  const field = settingAt(path);
  if (!field) {
    const known = SETTINGS.map((candidate) => candidate.path);
    throw refuse(`There is no setting "${path}". Settings: ${known.join(", ")}.`);
  }
  const parsed = field.schema.safeParse(value);
  if (!parsed.success) {
    const why = parsed.error.issues[0]?.message ?? "not a legal value";
    throw refuse(`${path} cannot be ${JSON.stringify(value)}: ${why}.`);
  }
  const group = { ...experiment[field.group], [field.key]: parsed.data };
  return Experiment.parse({ ...experiment, [field.group]: group });
}
