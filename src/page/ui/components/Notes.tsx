import type { ComponentPropsWithoutRef } from "react";
import classes from "./notes.module.css";

interface NoteProps extends ComponentPropsWithoutRef<"p"> {
  readonly component?: "p" | "span" | "figcaption";
}

/** Small text beside a control or a figure: what it is, or what to do. */
export function Hint({ component: Tag = "p", ...props }: NoteProps) {
  return <Tag className={classes.hint} {...props} />;
}

/** What went wrong. */
export function Problem(props: ComponentPropsWithoutRef<"p">) {
  return <p className={classes.problem} {...props} />;
}

/** What to be careful of. */
export function Warning(props: ComponentPropsWithoutRef<"p">) {
  return <p className={classes.warning} {...props} />;
}

/** Names a part of a screen. */
export function Heading(props: ComponentPropsWithoutRef<"h2"> & { readonly order?: 2 | 3 }) {
  const { order = 2, ...rest } = props;
  const Tag = order === 2 ? "h2" : "h3";
  return <Tag className={classes.heading} {...rest} />;
}
