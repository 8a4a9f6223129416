import { useMounted } from "@mantine/hooks";
import { Suspense, useState, type ReactNode } from "react";

interface LazyOverlayProps {
  readonly wanted: boolean;
  readonly children: (opened: boolean) => ReactNode;
}

/** Mounts an overlay when it is first wanted, and keeps it, so that it can close in its own time. */
export function LazyOverlay({ wanted, children }: LazyOverlayProps) {
  const [mounted, setMounted] = useState(wanted);
  if (wanted && !mounted) setMounted(true);
  return mounted ? (
    <Suspense fallback={null}>
      <Opening wanted={wanted}>{children}</Opening>
    </Suspense>
  ) : null;
}

/** Mounted closed: an overlay remembers where the focus was when it opens, not when it is mounted open. */
function Opening({ wanted, children }: LazyOverlayProps) {
  return children(useMounted() && wanted);
}
