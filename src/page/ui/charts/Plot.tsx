import { memo, Suspense } from "react";
import { lazyPart } from "../components/lazyPart";
import { PLOT_HEIGHT, type PlotProps } from "./plotProps";

/** Recharts is a third of the page, and nothing is drawn with it before a first run. */
const loadPlot = () => import("./RechartsPlot");
const RechartsPlot = lazyPart(() => loadPlot().then((module) => module.RechartsPlot));

/** Fetches what plots need while a run is prepared, so that its first point need not wait. A failure is the first plot's. */
export const preloadPlot = (): void => void loadPlot().catch(() => undefined);

/** Memoised: a chart draws again only when what it shows has changed. */
export const Plot = memo(function Plot(props: PlotProps) {
  return (
    <Suspense fallback={<div style={{ height: props.height ?? PLOT_HEIGHT }} />}>
      <RechartsPlot {...props} />
    </Suspense>
  );
});
