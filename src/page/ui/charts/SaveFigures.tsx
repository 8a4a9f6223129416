import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPackageExport } from "@tabler/icons-react";
import { zipSync } from "fflate";
import type { RefObject } from "react";
import { selectGrid } from "../../store/selectors";
import { useStudioStore } from "../useStudio";
import { saveBlob } from "./exportChart";
import { figureFiles } from "./figureFiles";

/** Everything that is shown, as one zip: each figure as SVG and CSV, and the samples. @param within holds the figures */
export function SaveFigures({ within }: { readonly within: RefObject<HTMLElement | null> }) {
  const store = useStudioStore();
  const save = () => {
    if (!within.current) return;
    const grid = selectGrid(store.getState());
    const files = Object.fromEntries(
      figureFiles(within.current).map(({ name, bytes }) => [name, bytes]),
    );
    if (grid) files[`samples-step-${grid.step}.png`] = new Uint8Array(grid.png);
    const zip = zipSync(files, { level: 6 });
    saveBlob(new Blob([zip], { type: "application/zip" }), "repa-studio-figures.zip");
  };
  const label = "Save all figures, their numbers and the samples as one zip";
  return (
    <Tooltip label={label} withArrow openDelay={300}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={save}>
        <IconPackageExport size={16} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}
