import { Button } from "@mantine/core";
import { IconMicroscope, IconX } from "@tabler/icons-react";
import type { AnalysisPlan } from "../../../common/protocol/analysis";
import { isAnalysing, type AnalysisJob } from "../../store/analysisSlice";
import { useCommands } from "../commands";
import { SpokenShare } from "../components/SpokenShare";
import { useStudio } from "../useStudio";
import classes from "./analyse.module.css";

/** Starts and ends an analysis, and says what is computed and what went wrong. */
export function JobBar({ plan }: { readonly plan: AnalysisPlan | null }) {
  const { analyse, cancelAnalysis } = useCommands();
  const job = useStudio((state) => state.analysis.job);
  const busy = isAnalysing(job);
  return (
    <section className={classes.job} aria-label="Analysis">
      {busy ? (
        // a key each: a click meant for one must not land on the other that took its place
        <Button
          key="cancel"
          size="xs"
          fullWidth
          variant="default"
          leftSection={<IconX size={15} />}
          disabled={job.status === "cancelling"}
          onClick={cancelAnalysis}
        >
          Cancel
        </Button>
      ) : (
        <Button
          key="analyse"
          size="xs"
          fullWidth
          leftSection={<IconMicroscope size={15} />}
          disabled={plan === null}
          onClick={analyse}
        >
          Analyse
        </Button>
      )}
      {busy && <Progress job={job} />}
      <p className={classes.hint} role="status" aria-label="Analysis" data-status={job.status}>
        {endText(job, plan !== null)}
      </p>
      {job.warnings.map(({ message, hint }) => (
        <p key={message} className={classes.warns}>
          {message} {hint}
        </p>
      ))}
      {job.failure && (
        <p className={classes.problem} role="alert" aria-label="Analysis failed">
          {job.failure.message} {job.failure.hint}
        </p>
      )}
    </section>
  );
}

function endText({ status, device, done, all }: AnalysisJob, chosen: boolean): string {
  switch (status) {
    case "idle":
      return chosen ? "" : "Choose a checkpoint above.";
    case "preparing":
      return "Weights and caches";
    case "running":
      return all > 0 ? `${Math.floor(done)} of ${all}` : "Starting";
    case "cancelling":
      return "Ending";
    case "done":
      return device ? `Done, on ${device.adapter}.` : "Done.";
    case "cancelled":
      return "Cancelled. What was measured is kept.";
    case "failed":
      return "";
  }
}

/** Caches that are filled first report on their own. */
function Progress({ job }: { readonly job: AnalysisJob }) {
  const caching = useStudio((state) => state.data.progress);
  const filling = job.status === "preparing" ? caching : null;
  const [done, all] = filling ? [filling.done, filling.total] : [job.done, job.all];
  const detail = filling ? filling.label : job.detail;
  const share = all > 0 ? done / all : 0;
  return (
    <>
      <div className={classes.bar} data-unknown={all === 0 || undefined}>
        <div style={{ width: all > 0 ? `${100 * share}%` : "30%" }} />
      </div>
      {detail !== "" && <p className={classes.hint}>{detail}</p>}
      <SpokenShare share={share} what="of the analysis" />
    </>
  );
}
