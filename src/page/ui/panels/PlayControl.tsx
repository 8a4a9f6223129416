import { ActionIcon, Menu, Tooltip, UnstyledButton } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { selectShownStep } from "../../store/selectors";
import { useStudio, useStudioStore } from "../useStudio";
import { PLAY_SECONDS, playedStep, playFrom } from "./played";
import classes from "./panels.module.css";

/** Plays the run from the step shown to its end: everything that follows the cursor is seen as a film. */
export function PlayControl() {
  const store = useStudioStore();
  const empty = useStudio((state) => state.run.log.length < 2);
  const [playing, setPlaying] = useState(false);
  const [seconds, setSeconds] = useState<number>(PLAY_SECONDS[1]);

  useEffect(() => {
    if (!playing) return undefined;
    const from = playFrom(store.getState().run.log, selectShownStep(store.getState()));
    store.getState().setCursor(from);
    let shown: number | null = from;
    let begunMs: number | undefined;
    let frame = requestAnimationFrame(function show(nowMs) {
      begunMs ??= nowMs;
      const { run, cursorStep, setCursor } = store.getState();
      const step = playedStep(run.log, from, nowMs - begunMs, 1000 * seconds);
      const isMoved = cursorStep !== shown; // by hand
      if (!isMoved && step !== shown) setCursor(step);
      shown = step;
      if (isMoved || step === null) setPlaying(false);
      else frame = requestAnimationFrame(show);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, seconds, store]);

  const label = playing ? "Pause the film" : "Play the run as a film";
  return (
    <div className={classes.play}>
      <Tooltip label={label} withArrow openDelay={300}>
        <ActionIcon
          variant={playing ? "light" : "subtle"}
          color={playing ? "iris" : "gray"}
          size="md"
          aria-label={label}
          disabled={empty}
          onClick={() => setPlaying(!playing)}
        >
          {playing ? <IconPlayerPauseFilled size={15} /> : <IconPlayerPlayFilled size={15} />}
        </ActionIcon>
      </Tooltip>
      <Menu position="top" withArrow shadow="md">
        <Menu.Target>
          <UnstyledButton className={classes.playSpeed ?? ""} aria-label="Length of the film">
            {seconds} s
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {PLAY_SECONDS.map((each) => (
            <Menu.Item key={each} onClick={() => setSeconds(each)}>
              The whole run in {each} s
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
