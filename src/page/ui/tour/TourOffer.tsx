import { Button } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useStudioStore } from "../useStudio";

/** On a first visit the tour is offered, once: whether it is taken or not, it is not offered again. */
export function TourOffer() {
  const [seen, setSeen] = useLocalStorage({ key: "repa-studio-tour-offered", defaultValue: false });
  const store = useStudioStore();
  if (seen) return null;
  return (
    <p>
      <Button
        size="compact-sm"
        variant="light"
        mr={8}
        onClick={() => {
          setSeen(true);
          store.getState().showOverlay("tour");
        }}
      >
        A tour in five stops
      </Button>
      <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setSeen(true)}>
        No, thanks
      </Button>
    </p>
  );
}
