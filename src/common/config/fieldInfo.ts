import { z } from "zod";

/** Units a setting can have; a form prints it behind the number ("1" prints nothing). */
export type Unit =
  | "1"
  | "images"
  | "steps"
  | "blocks"
  | "features"
  | "px"
  | "tokens"
  | "neighbours";

/** True or false of an experiment: the value of one setting, named by its path `group.key`. */
export type Condition =
  | { readonly setting: string; readonly is: string | number | boolean }
  | { readonly setting: string; readonly isNot: string | number | boolean }
  | { readonly setting: string; readonly above: number }
  | { readonly every: readonly Condition[] };

/** A control that the setting's type alone does not decide. */
export type SpecialControl =
  /** A slider beside the number, from the setting's least value to `max`. A larger number can still be typed. */
  | {
      readonly kind: "slider";
      readonly max: number | "modelDepth";
      readonly step: number;
    }
  /** A menu of the batch size's divisors. */
  | { readonly kind: "batchDivisors" };

/** The setting in the reference's trainer: an argument that means the same, or what it does instead. */
export type TrainerInfo =
  | { readonly argument: string }
  /** The trainer has the default fixed in code; the sentence is shown for any other value. */
  | { readonly fixed: string };

/** What a form, a link and the documentation say about one setting, beside its type and default. */
export interface FieldInfo {
  readonly label: string;
  readonly unit: Unit;
  /** Where the default comes from: paper section, reference argument, or our own measurement. */
  readonly source: string;
  /** One sentence for the tooltip. */
  readonly help?: string;
  /** Label of each option by its value. Every text option needs one; a number is its own label. */
  readonly options?: Readonly<Record<string, string>>;
  readonly control?: SpecialControl;
  /** The form hides the setting while this is false. */
  readonly shownWhen?: Condition;
  /** True when the setting can be changed during training (docs/architecture.md, live control). */
  readonly live?: boolean;
  /** Name before the value of a live change, in a mark on a chart: "λ" of "λ 0.8". */
  readonly short?: string;
  /** The setting changes memory and time but not what is learned: always (true), or while the condition holds. */
  readonly sameResult?: true | Condition;
  /** What was measured of the setting's effect, shown under the control. */
  readonly measured?: string;
  /** Why a fork keeps its parent's value, as a sentence; absent, a fork may have another (forks.ts). */
  readonly fixedInFork?: string;
  /** Shown only when the group is unfolded. */
  readonly advanced?: boolean;
  readonly trainer?: TrainerInfo;
}

/** The registry every schema field is entered in; an unknown unit does not compile. */
export const fieldInfo = z.registry<FieldInfo>();

/** What a form says about a group of settings. */
export interface GroupInfo {
  readonly label: string;
  /** Place in the form, 1 first. The order of the schema is the links'. */
  readonly place: number;
  /** Unfolded at first. */
  readonly open?: boolean;
  /** Why a fork keeps its parent's values of the whole group. */
  readonly fixedInFork?: string;
}

export const groupInfo = z.registry<GroupInfo>();
