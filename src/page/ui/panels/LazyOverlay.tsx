import { useMounted } from "@mantine/hooks";
import { Suspense, useState, type ReactNode } from "react";
import { Boundary } from "../components/Boundary";
import fault from "../components/fault.module.css";

interface LazyOverlayProps {
  /** Its name, for a notice that it cannot be shown. */
  readonly what: string;
  readonly onClose: () => void;
  readonly wanted: boolean;
  readonly children: (opened: boolean) => ReactNode;
}

/** Mounts an overlay when it is first wanted, and keeps it, so that it can close in its own time. */
export function LazyOverlay({ what, wanted, onClose, children }: LazyOverlayProps) {
  const [mounted, setMounted] = useState(wanted);
  if (wanted && !mounted) setMounted(true);
  return mounted ? (
    <Boundary
      what={what}
      onClose={onClose}
      frame={(notice) => (wanted ? <div className={fault.floating}>{notice}</div> : null)}
    >
      <Suspense fallback={null}>
        <Opening wanted={wanted}>{children}</Opening>
      </Suspense>
    </Boundary>
  ) : null;
}

/** Mounted closed: an overlay remembers where the focus was when it opens, not when it is mounted open. */
function Opening({ wanted, children }: Pick<LazyOverlayProps, "wanted" | "children">) {
  return children(useMounted() && wanted);
}
