import { z } from "zod";

/** Units a setting can have; a form prints it behind the number ("1" prints nothing). */
export type Unit =
  "1" | "images" | "steps" | "blocks" | "features" | "px" | "tokens" | "neighbours";

/** What a form, a link and the documentation say about one setting, beside its type and default. */
export interface FieldInfo {
  readonly label: string;
  readonly unit: Unit;
  /** Where the default comes from: paper section, reference argument, or our own measurement. */
  readonly source: string;
  /** One sentence for the tooltip. */
  readonly help?: string;
  /** True when the setting may move while the run trains (docs/architecture.md, live control). */
  readonly live?: boolean;
  /** True when the setting moves memory and time but not what is learned (save what `help` says). */
  readonly sameResult?: boolean;
  /** What was measured of the setting's effect, shown under the control. */
  readonly measured?: string;
  /** Shown only when the group is unfolded. */
  readonly advanced?: boolean;
}

/** The registry every schema field is entered in; an unknown unit does not compile. */
export const fieldInfo = z.registry<FieldInfo>();
