import { VisuallyHidden } from "@mantine/core";

/** Progress for screen readers: announced at every tenth, not at every change. */
export function SpokenShare(props: { readonly share: number; readonly what: string }) {
  const tenths = Math.floor(props.share * 10);
  return (
    <VisuallyHidden role="status" aria-live="polite">
      {tenths * 10} % {props.what}
    </VisuallyHidden>
  );
}
