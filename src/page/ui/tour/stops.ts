/** A place of the page that the tour points at. */
export interface TourStop {
  /** CSS selector; by accessible names, as a person finds it. */
  readonly target: string;
  readonly title: string;
  readonly text: string;
}

/** In the order of a first experiment. */
export const TOUR_STOPS: readonly TourStop[] = [
  {
    target: '[role="group"][aria-label="Training"]',
    title: "Train",
    text: "One press trains a small diffusion transformer in this tab, on built-in images. Nothing leaves this machine. Pause, or take a single step, whenever you like.",
  },
  {
    target: 'aside[aria-label="Experiment"] section[aria-label="Alignment"]',
    title: "Alignment is yours to move",
    text: "λ, the depth and the encoder can be moved while it trains. Every change is marked in the charts and kept in the run’s link.",
  },
  {
    target: 'figure[aria-label^="Denoising loss"]',
    title: "Curves",
    text: "All shown runs in one chart. Drag over a part to zoom, click to set the cursor. The ⓘ beside a title says what a figure means and where the paper has it.",
  },
  {
    target: 'section[aria-label="Scrubber"]',
    title: "One scrubber for everything",
    text: "Charts, samples and layers go to the step you choose. Play shows the run as a film.",
  },
  {
    target: 'section[aria-label="Runs"]',
    title: "Runs, side by side",
    text: "Every run stays here. Open the eyes of two, or press “Train vanilla and REPA”, and Compare says what can be told apart and what cannot.",
  },
];

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const GAP = 12;

/**
 * Where a card stands beside what it points at: below it, above it, or at its right or left, whichever has room first. In any
 * case it is inside the window.
 */
export function cardPlace(
  target: Box,
  card: Pick<Box, "width" | "height">,
  window: Pick<Box, "width" | "height">,
): Pick<Box, "left" | "top"> {
  const { left, top } = target;
  const places = [
    { left, top: top + target.height + GAP },
    { left, top: top - GAP - card.height },
    { left: left + target.width + GAP, top },
    { left: left - GAP - card.width, top },
  ];
  const inside = (value: number, size: number, room: number) =>
    Math.min(Math.max(value, GAP), Math.max(GAP, room - size - GAP));
  const moved = (place: Pick<Box, "left" | "top">) => ({
    left: inside(place.left, card.width, window.width),
    top: inside(place.top, card.height, window.height),
  });
  const beside = places.find((place, i) =>
    i < 2 ? moved(place).top === place.top : moved(place).left === place.left,
  );
  return moved(beside ?? { left, top: window.height });
}
