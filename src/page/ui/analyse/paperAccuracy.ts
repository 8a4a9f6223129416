import { PAPER_MARK } from "../../../common/catalogue/paper";
import { lineFigure, noteText, valueScale, type LineFigure } from "./figure";
import { paperDots } from "./paperValues";
import { scatter } from "./scatter";

/** The paper's Table 2 on axes of its own: FID of 50,000 images against probe accuracy in %. */
export function paperAccuracyByFid(): LineFigure {
  const dots = paperDots();
  const axes = {
    x: valueScale(
      dots.map(({ fid }) => fid),
      [0, 1],
    ),
    y: valueScale(
      dots.map(({ accuracy }) => accuracy),
      [0, 100],
    ),
  };
  const points = dots.map(({ key, label, fid, accuracy }) => ({
    key,
    label,
    color: "var(--paper)",
    x: fid,
    y: accuracy,
  }));
  return lineFigure({
    drawing: scatter(points, axes, "FID, 50,000 images"),
    legend: [{ label: PAPER_MARK, color: "var(--paper)" }],
    note: noteText([
      `${PAPER_MARK}: Table 2, SiT-L/2 at 400K steps, no guidance`,
      "other images, sizes and counts: shapes compare, values do not",
    ]),
    table: {
      header: ["row", "fid", "accuracy_percent", "source"],
      rows: () =>
        dots.map(({ key, fid, accuracy }) => [key, fid, accuracy, `${PAPER_MARK}, Table 2`]),
    },
  });
}
