import { Suspense } from "react";
import { Boundary } from "../components/Boundary";
import { lazyPart } from "../components/lazyPart";
import { useStudio } from "../useStudio";

const ResultsNotice = lazyPart(() =>
  import("./ResultsNotice").then((module) => module.ResultsNotice),
);

/** What files of results are being saved or opened, and what became of the runs of those that were opened. */
export function ResultsNotices() {
  const wanted = useStudio(({ results }) => results.progress !== null || results.opened.length > 0);
  if (!wanted) return null;
  return (
    <Boundary what="Results">
      <Suspense fallback={null}>
        <ResultsNotice />
      </Suspense>
    </Boundary>
  );
}
