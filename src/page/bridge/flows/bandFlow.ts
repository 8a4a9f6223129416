import { bandPresetOf, ReferenceBand } from "../../../common/config/referenceBand";
import type { ReadFile } from "../../../common/formats/readFile";
import type { StudioStore } from "../../store/studioStore";

/**
 * Keeps the reference band that fits the run shown: fetched when a run is begun or restored, null for runs of no
 * measured preset.
 * @returns ends the watching
 */
export function watchBand(
  store: StudioStore,
  readFile: ReadFile,
  report: (thrown: unknown) => void,
): () => void {
  const read = async (preset: string): Promise<ReferenceBand> => {
    const bytes = await readFile(`bands/${preset}.json`);
    return ReferenceBand.parse(JSON.parse(new TextDecoder().decode(bytes)));
  };
  return store.subscribe(({ run: { experiment }, band, setBand }, before) => {
    if (!experiment || experiment === before.run.experiment) return;
    const preset = bandPresetOf(experiment);
    if (preset === band?.preset) return;
    setBand(null);
    if (preset === undefined) return;
    const stillShown = () => store.getState().run.experiment === experiment;
    read(preset)
      .then((found) => {
        if (stillShown()) setBand(found);
      })
      .catch(report);
  });
}
