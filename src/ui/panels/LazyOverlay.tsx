import { Suspense, useState, type ReactNode } from "react";

/** Mounts what it holds when that is first wanted, and keeps it, so that it can close in its own time. */
export function LazyOverlay(props: { readonly wanted: boolean; readonly children: ReactNode }) {
  const [mounted, setMounted] = useState(props.wanted);
  if (props.wanted && !mounted) setMounted(true);
  return mounted ? <Suspense fallback={null}>{props.children}</Suspense> : null;
}
