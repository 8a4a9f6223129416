import { Button } from "@mantine/core";
import { IconMicroscope, IconX } from "@tabler/icons-react";
import type { AnalysisPlan } from "../../../common/protocol/analysis";
import { isAnalysing, type AnalysisJob } from "../../store/analysisSlice";
import { useCommands } from "../commands";
import { Bar } from "../components/Bar";
import { Hint, Problem, Warning } from "../components/Notes";
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
      <Hint role="status" aria-label="Analysis" data-status={job.status}>
        {endText(job, plan !== null)}
      </Hint>
      {job.warnings.map(({ message, hint }) => (
        <Warning key={message}>
          {message} {hint}
        </Warning>
      ))}
      {job.failure && (
        <Problem role="alert" aria-label="Analysis failed">
          {job.failure.message} {job.failure.hint}
        </Problem>
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
      <Bar share={all > 0 ? share : null} mt={8} />
      {detail !== "" && <Hint>{detail}</Hint>}
      <SpokenShare share={share} what="of the analysis" />
    </>
  );
}
