import type { Measurement } from "./trainer";

/** Names the curve over steps that a measurement is one point of. */
export function measurementSeries(measurement: Measurement): string {
  switch (measurement.kind) {
    case "layerAlignment":
      return `${measurement.kind}/${measurement.encoder}`;
    case "sampleQuality":
      return `${measurement.kind}/${measurement.space}`;
    case "gradientConflict":
      return measurement.kind;
  }
}

/** The same for a measurement and its repetition after a resume, and for no other of the run. */
export const measurementKey = (measurement: Measurement): string =>
  `${measurementSeries(measurement)}/${measurement.step}`;
