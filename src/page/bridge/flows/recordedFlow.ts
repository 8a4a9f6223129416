import { RecordedRuns } from "../../../common/config/recordedRuns";
import type { ReadFile } from "../../../common/formats/readFile";
import { wantsRecorded } from "../../store/recordedSlice";
import type { StudioStore } from "../../store/studioStore";

/** Fetches the recorded runs for a page without a run of its own. A page without them is empty, which is no fault. */
export async function loadRecorded(store: StudioStore, readFile: ReadFile): Promise<void> {
  if (!wantsRecorded(store.getState())) return;
  try {
    const bytes = await readFile("recorded/runs.json");
    const found = RecordedRuns.parse(JSON.parse(new TextDecoder().decode(bytes)));
    store.getState().setRecorded(found);
  } catch {
    return;
  }
}
