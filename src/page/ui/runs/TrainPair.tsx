import { Button, Tooltip } from "@mantine/core";
import { IconArrowsSplit2 } from "@tabler/icons-react";
import { selectActive, selectTrainBlock } from "../../store/selectors";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";

/** The comparison the paper makes, in one press. */
export function TrainPair() {
  const { trainPair } = useCommands();
  const active = useStudio(selectActive);
  const block = useStudio(selectTrainBlock);
  const lambda = useStudio((state) => state.experiment.value.alignment.projCoeff || 0.5);
  return (
    <Tooltip
      label={
        block ??
        `Trains these settings with λ = 0, then with λ = ${lambda}: one seed, one order of images, one noise. The second is drawn over the first.`
      }
      multiline
      w={280}
      withArrow
      openDelay={300}
    >
      <Button
        size="compact-sm"
        variant="default"
        fullWidth
        mt={8}
        leftSection={<IconArrowsSplit2 size={14} />}
        disabled={active || block !== null}
        onClick={trainPair}
      >
        Train vanilla and REPA
      </Button>
    </Tooltip>
  );
}
