import { useEffect, useRef } from "react";
import { rgbToRgba } from "./rgba";

/** uint8 RGB pixels [side, side, 3] on a canvas; CSS gives it its size on the page. */
export function Picture(props: {
  readonly side: number;
  readonly rgb: Uint8Array;
  readonly className: string | undefined;
}) {
  const { side, rgb, className } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    context?.putImageData(new ImageData(rgbToRgba(rgb), side, side), 0, 0);
  }, [side, rgb]);
  return (
    <canvas ref={canvas} width={side} height={side} className={className} aria-hidden="true" />
  );
}
