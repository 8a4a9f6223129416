import { Switch } from "@mantine/core";
import { useStudio } from "../useStudio";

/** Whether the paper's values stand beside the own ones, in every view. */
export function PaperSwitch() {
  const shown = useStudio((state) => state.paperShown);
  const showPaper = useStudio((state) => state.showPaper);
  return (
    <Switch
      size="xs"
      ml="auto"
      label="Paper’s values"
      checked={shown}
      onChange={(event) => showPaper(event.currentTarget.checked)}
    />
  );
}
