import { Alert, List } from "@mantine/core";
import { IconAlertTriangle, IconFileImport, IconInfoCircle } from "@tabler/icons-react";
import { useStudio } from "../useStudio";
import { openedLines, openedTitle, openedTone, progressText } from "./resultsText";

const LOOKS = {
  failed: { color: "red", Picture: IconAlertTriangle },
  partly: { color: "yellow", Picture: IconInfoCircle },
  taken: { color: "blue", Picture: IconFileImport },
} as const;

/** Progress first, then a notice for each opened file until all are dismissed. */
export function ResultsNotice() {
  const { progress, opened } = useStudio((state) => state.results);
  const dismiss = useStudio((state) => state.dismissResults);
  return (
    <>
      {progress && (
        <Alert p="sm" color="blue" variant="light" role="status">
          {progressText(progress)}
        </Alert>
      )}
      {opened.map((file, i) => {
        const { color, Picture } = LOOKS[openedTone(file)];
        return (
          <Alert
            key={i}
            p="sm"
            color={color}
            variant="light"
            icon={<Picture />}
            title={openedTitle(file)}
            withCloseButton
            closeButtonLabel="Dismiss opened results"
            onClose={dismiss}
          >
            <List size="sm" listStyleType="none">
              {openedLines(file).map((line) => (
                <List.Item key={line}>{line}</List.Item>
              ))}
            </List>
          </Alert>
        );
      })}
    </>
  );
}
