import { useEffect, useState } from "react";
import { useCommands } from "../commands";

export type CopyState =
  | { readonly kind: "idle" }
  | { readonly kind: "copied" }
  /** The browser refused the clipboard: the link is shown to be copied by hand. */
  | { readonly kind: "manual"; readonly link: string; readonly reason: string };

const COPIED_MS = 2000;

/** Puts the share link on the clipboard, or shows it where the clipboard is refused. */
export function useCopyLink() {
  const { copyLink } = useCommands();
  const [state, setState] = useState<CopyState>({ kind: "idle" });
  useEffect(() => {
    if (state.kind !== "copied") return undefined;
    const timer = setTimeout(() => setState({ kind: "idle" }), COPIED_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const run = async () => {
    const link = await copyLink();
    try {
      await navigator.clipboard.writeText(link);
      setState({ kind: "copied" });
    } catch {
      setState({
        kind: "manual",
        link,
        reason: "The browser refused the clipboard: copy it here.",
      });
    }
  };
  return { state, copy: () => void run(), close: () => setState({ kind: "idle" }) };
}
