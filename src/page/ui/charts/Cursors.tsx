import { useRef, useState, type PointerEvent, type ReactNode } from "react";
import { selectLead } from "../../store/figureRuns";
import type { XRange } from "../../store/viewSlice";
import { useStudio, useStudioStore } from "../useStudio";
import { HoverValues } from "./HoverValues";
import type { HoverLine } from "./runLines";
import { PLOT_MARGIN, Y_AXIS_WIDTH } from "./plotProps";
import { shareOf, stepNear, valueAt, type RunAxis } from "./runAxis";
import { useLeadPlace } from "./useRunAxis";
import classes from "./charts.module.css";

const LEFT = Y_AXIS_WIDTH + PLOT_MARGIN.left;

/** Where a share of the axis is, as CSS: nothing has to be measured. */
const positionOf = (share: number): string =>
  `calc(${LEFT}px + ${share} * (100% - ${LEFT + PLOT_MARGIN.right}px))`;

/** So far the pointer moves before a press is a selection and no click. */
const DRAG_PX = 5;

const inOrder = (a: number, b: number): XRange => (a < b ? [a, b] : [b, a]);

/** What of the axis is under the pointer, as a share. */
function shareUnder({ currentTarget, clientX }: PointerEvent<HTMLElement>): number {
  const { left, width } = currentTarget.getBoundingClientRect();
  return (clientX - left - LEFT) / (width - LEFT - PLOT_MARGIN.right);
}

const clamped = (share: number): number => Math.min(1, Math.max(0, share));

interface Drag {
  /** Share of the axis where the press began. */
  readonly from: number;
  readonly clientX: number;
  /** The axis as it was then: panning moves it. */
  readonly domain: XRange;
  readonly pans: boolean;
  moved: boolean;
}

/**
 * A plot over steps with the scrubber's cursor and the pointer's. Both are laid over the SVG, so moving them draws no chart
 * again; the pointer's is shared, so that it moves in every chart at once. Dragging zooms all charts to what was dragged
 * over, with Shift it moves them along; a double click shows all again.
 */
export function StepCursors(props: {
  readonly axis: RunAxis;
  /** Values of all runs under the pointer. */
  readonly hover?: readonly HoverLine[];
  readonly children: ReactNode;
}) {
  const { axis, hover, children } = props;
  const { mode, log } = axis;
  const { domain } = axis.scale;
  const store = useStudioStore();
  const drag = useRef<Drag | null>(null);
  const [selected, setSelected] = useState<XRange | null>(null);
  const [over, setOver] = useState(false);

  const stepUnder = (share: number): number | null => {
    if (share < -0.02 || share > 1.02) return null;
    return stepNear(mode, selectLead(store.getState()), valueAt(share, domain, log));
  };
  const pan = ({ from, domain: before }: Drag, share: number) => {
    const [a, b] = before;
    const by = log ? 0 : (from - share) * (b - a);
    const start = Math.max(0, a + by);
    store.getState().setZoom([start, start + b - a]);
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const share = shareUnder(event);
    const begun = drag.current;
    setOver(true);
    store.getState().setHover(stepUnder(share));
    if (!begun) return;
    begun.moved ||= Math.abs(event.clientX - begun.clientX) > DRAG_PX;
    if (!begun.moved) return;
    if (begun.pans) pan(begun, share);
    else setSelected(inOrder(clamped(begun.from), clamped(share)));
  };
  const press = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls the page
    const from = shareUnder(event);
    drag.current = { from, clientX: event.clientX, domain, pans: event.shiftKey, moved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const release = () => {
    const ended = drag.current;
    drag.current = null;
    setSelected(null);
    if (!ended?.moved) {
      const { hoverStep, setCursor } = store.getState();
      if (hoverStep !== null) setCursor(hoverStep);
    } else if (selected && selected[1] - selected[0] > 0.01) {
      const [from, to] = selected;
      store.getState().setZoom([valueAt(from, domain, log), valueAt(to, domain, log)]);
    }
  };
  return (
    <div
      className={classes.plot}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={release}
      onPointerCancel={() => {
        drag.current = null;
        setSelected(null);
      }}
      onPointerLeave={() => {
        setOver(false);
        store.getState().setHover(null);
      }}
      onDoubleClick={() => store.getState().setZoom(null)}
    >
      {children}
      {selected && (
        <div
          className={classes.selected}
          style={{
            left: positionOf(selected[0]),
            width: `calc(${selected[1] - selected[0]} * (100% - ${LEFT + PLOT_MARGIN.right}px))`,
          }}
        />
      )}
      <CursorLines axis={axis} />
      {over && hover && hover.length > 1 && <HoverValues axis={axis} lines={hover} />}
    </div>
  );
}

function CursorLines({ axis }: { readonly axis: RunAxis }) {
  const cursorStep = useStudio((state) => state.cursorStep);
  const hoverStep = useStudio((state) => state.hoverStep);
  return (
    <>
      {cursorStep !== null && (
        <CursorLine axis={axis} step={cursorStep} className={classes.cursor} />
      )}
      {hoverStep !== null && <CursorLine axis={axis} step={hoverStep} className={classes.hover} />}
    </>
  );
}

function CursorLine(props: {
  readonly axis: RunAxis;
  readonly step: number;
  readonly className: string | undefined;
}) {
  const { axis, step, className } = props;
  const place = useLeadPlace(axis, step);
  const share = place === null ? NaN : shareOf(place, axis.scale.domain, axis.log);
  if (!(share >= 0 && share <= 1)) return null;
  return <div className={className} data-step={step} style={{ left: positionOf(share) }} />;
}
