import classes from "./bar.module.css";

/**
 * A thin bar of how far something is.
 * @param share done, 0 to 1; null when it is not known, then a part of the bar moves
 * @param label names it for screen readers; without one it is not announced
 * @param mt space above, px
 */
export function Bar(props: {
  readonly share: number | null;
  readonly label?: string;
  readonly mt?: number;
}) {
  const { share, label, mt = 0 } = props;
  return (
    <div
      className={classes.bar}
      style={{ marginTop: mt }}
      data-unknown={share === null || undefined}
      {...(label !== undefined && {
        role: "progressbar",
        "aria-label": label,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        ...(share !== null && { "aria-valuenow": Math.floor(100 * share) }),
      })}
    >
      <div style={{ width: `${share === null ? 30 : 100 * share}%` }} />
    </div>
  );
}
