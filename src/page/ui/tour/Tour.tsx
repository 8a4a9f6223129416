import { Button, Paper, Portal } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { cardPlace, TOUR_STOPS, type Box } from "./stops";
import classes from "./tour.module.css";

/** Points at one part of the page after another. The page stays usable; Escape ends it. */
export function Tour({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return opened ? <OpenTour onClose={onClose} /> : null;
}

function OpenTour({ onClose }: { readonly onClose: () => void }) {
  const [at, setAt] = useState(0);
  const stop = TOUR_STOPS[at];
  const target = useTargetBox(stop?.target ?? "");
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  useLayoutEffect(() => {
    if (!card.current) return;
    const { offsetWidth: width, offsetHeight: height } = card.current;
    setPlace(cardPlace(target, { width, height }, { width: innerWidth, height: innerHeight }));
  }, [target]);
  useEffect(() => card.current?.focus(), [at]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose]);
  if (!stop) return null;
  const last = at === TOUR_STOPS.length - 1;
  return (
    <Portal>
      {target.width > 0 && <div className={classes.ring} style={target} />}
      <Paper
        ref={card}
        className={classes.card ?? ""}
        style={place}
        role="dialog"
        aria-label={`Tour, stop ${at + 1} of ${TOUR_STOPS.length}: ${stop.title}`}
        tabIndex={-1}
        shadow="lg"
        radius="md"
        withBorder
      >
        <strong>{stop.title}</strong>
        <p>{stop.text}</p>
        <div className={classes.row}>
          <Button size="compact-xs" variant="subtle" color="gray" onClick={onClose}>
            {last ? "Close" : "Skip the tour"}
          </Button>
          <small>
            {at + 1} of {TOUR_STOPS.length}
          </small>
          {at > 0 && (
            <Button size="compact-xs" variant="default" onClick={() => setAt(at - 1)}>
              Back
            </Button>
          )}
          {!last && (
            <Button size="compact-xs" onClick={() => setAt(at + 1)}>
              Next
            </Button>
          )}
        </div>
      </Paper>
    </Portal>
  );
}

const NOWHERE: Box = { left: 0, top: 0, width: 0, height: 0 };

/** Where the first element of a selector is in the window, followed while the page is scrolled or resized. */
function useTargetBox(selector: string): Box {
  const [box, setBox] = useState(NOWHERE);
  useEffect(() => {
    const target = document.querySelector(selector);
    target?.scrollIntoView({ block: "nearest" });
    const measure = () => {
      const found = target?.getBoundingClientRect();
      const top = Math.max(0, found?.top ?? 0);
      const height = Math.min(innerHeight, found?.bottom ?? 0) - top;
      setBox(found ? { left: found.left, top, width: found.width, height } : NOWHERE);
    };
    measure();
    addEventListener("resize", measure);
    addEventListener("scroll", measure, true);
    return () => {
      removeEventListener("resize", measure);
      removeEventListener("scroll", measure, true);
    };
  }, [selector]);
  return box;
}
