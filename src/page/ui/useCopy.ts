import { useEffect, useState } from "react";
import { toFailure } from "../../common/errors/studioError";

export type CopyState =
  | { readonly kind: "idle" }
  | { readonly kind: "copied" }
  /** The browser refused the clipboard: the text is shown to be copied by hand. */
  | { readonly kind: "manual"; readonly text: string; readonly reason: string };

const COPIED_MS = 2000;

/**
 * Puts the result of `make` on the clipboard, or returns it where the browser refuses that. Where `make` fails, the reason
 * is told in its place; CANCELLED says that something else tells it.
 */
export function useCopy(make: () => string | Promise<string>) {
  const [state, setState] = useState<CopyState>({ kind: "idle" });
  useEffect(() => {
    if (state.kind !== "copied") return undefined;
    const timer = setTimeout(() => setState({ kind: "idle" }), COPIED_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const run = async () => {
    let text: string;
    try {
      text = await make();
    } catch (thrown) {
      const { code, message, hint } = toFailure(thrown);
      const isShownElsewhere = code === "CANCELLED";
      setState(
        isShownElsewhere
          ? { kind: "idle" }
          : { kind: "manual", text: "", reason: `${message} ${hint}` },
      );
      return;
    }
    try {
      await navigator.clipboard.writeText(text);
      setState({ kind: "copied" });
    } catch {
      setState({
        kind: "manual",
        text,
        reason: "The browser refused the clipboard: copy it here.",
      });
    }
  };
  return { state, copy: () => void run(), close: () => setState({ kind: "idle" }) };
}
