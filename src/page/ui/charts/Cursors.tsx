import type { PointerEvent, ReactNode } from "react";
import { nearestLoggedStep } from "../../store/selectors";
import { useStudio, useStudioStore } from "../useStudio";
import { PLOT_MARGIN, Y_AXIS_WIDTH } from "./plotProps";
import type { Scale } from "./scale";
import classes from "./charts.module.css";

const LEFT = Y_AXIS_WIDTH + PLOT_MARGIN.left;

/** Where a step is, as CSS: nothing has to be measured. */
const positionOf = (step: number, [from, to]: Scale["domain"]): string =>
  `calc(${LEFT}px + ${(step - from) / (to - from)} * (100% - ${LEFT + PLOT_MARGIN.right}px))`;

/**
 * A plot over steps with the scrubber's cursor and the pointer's. Both are laid over the SVG, so moving
 * them draws no chart again; the pointer's is shared, so that it moves in every chart at once.
 */
export function StepCursors({ x, children }: { readonly x: Scale; readonly children: ReactNode }) {
  const store = useStudioStore();
  const stepUnder = (event: PointerEvent<HTMLElement>): number | null => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - left - LEFT) / (width - LEFT - PLOT_MARGIN.right);
    if (share < -0.02 || share > 1.02) return null;
    const [from, to] = x.domain;
    return nearestLoggedStep(store.getState().run.log, from + share * (to - from));
  };
  return (
    <div
      className={classes.plot}
      onPointerMove={(event) => store.getState().setHover(stepUnder(event))}
      onPointerLeave={() => store.getState().setHover(null)}
      onClick={() => {
        const { hoverStep, setCursor } = store.getState();
        if (hoverStep !== null) setCursor(hoverStep);
      }}
    >
      {children}
      <CursorLines domain={x.domain} />
    </div>
  );
}

function CursorLines({ domain }: { readonly domain: Scale["domain"] }) {
  const cursorStep = useStudio((state) => state.cursorStep);
  const hoverStep = useStudio((state) => state.hoverStep);
  const inside = (step: number | null): step is number =>
    step !== null && step >= domain[0] && step <= domain[1];
  return (
    <>
      {inside(cursorStep) && (
        <div
          className={classes.cursor}
          data-step={cursorStep}
          style={{ left: positionOf(cursorStep, domain) }}
        />
      )}
      {inside(hoverStep) && (
        <div
          className={classes.hover}
          data-step={hoverStep}
          style={{ left: positionOf(hoverStep, domain) }}
        />
      )}
    </>
  );
}
