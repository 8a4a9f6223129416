import { Menu } from "@mantine/core";
import { IconFileExport, IconFileZip } from "@tabler/icons-react";
import type { StoredRun } from "../../store/dataSlice";
import { useCommands } from "../commands";
import { formatBytes } from "../explain/format";

/** Items of a menu that save runs as a file of results: without their checkpoints, which are large, and with them. */
export function SaveResultsItems(props: {
  readonly runs: readonly Pick<StoredRun, "id" | "bytes">[];
  readonly label: string;
}) {
  const { runs, label } = props;
  const { saveResults } = useCommands();
  const checkpointBytes = runs.reduce((sum, { bytes }) => sum + bytes, 0);
  const save = (checkpoints: boolean) =>
    saveResults(
      runs.map(({ id }) => id),
      { checkpoints },
    );
  return (
    <>
      <Menu.Item
        leftSection={<IconFileExport size={14} />}
        disabled={runs.length === 0}
        onClick={() => save(false)}
      >
        {label}
      </Menu.Item>
      {checkpointBytes > 0 && (
        <Menu.Item leftSection={<IconFileZip size={14} />} onClick={() => save(true)}>
          {label}, with checkpoints ({formatBytes(checkpointBytes)})
        </Menu.Item>
      )}
    </>
  );
}
