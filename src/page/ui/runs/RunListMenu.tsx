import { ActionIcon, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useStudio } from "../useStudio";
import { SaveResultsItems } from "./SaveResultsItems";

/** What is done with all runs that are drawn. */
export function RunListMenu() {
  const runs = useStudio((state) => state.data.runs);
  const deletions = useStudio((state) => state.deletions);
  const isDeleted = (id: string) => deletions.some(({ kind, key }) => kind === "run" && key === id);
  const shown = runs.filter(({ id, look }) => look.shown && !isDeleted(id));
  return (
    <Menu position="bottom-end" shadow="md" width={230} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label="More about the runs shown">
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <SaveResultsItems runs={shown} label="Save results of the runs shown" />
      </Menu.Dropdown>
    </Menu>
  );
}
