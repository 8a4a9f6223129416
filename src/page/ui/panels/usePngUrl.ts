import { useEffect, useState } from "react";

/** A PNG as a URL for as long as it is shown; null until the first one is decoded. */
export function usePngUrl(png: ArrayBuffer): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const next = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    const image = new Image();
    image.src = next;
    let current = true;
    // Decoded before it is shown, so that scrubbing never flashes.
    void image.decode().then(
      () => current && setUrl(next),
      () => current && setUrl(next),
    );
    return () => {
      current = false;
      setTimeout(() => URL.revokeObjectURL(next), 1000);
    };
  }, [png]);
  return url;
}
