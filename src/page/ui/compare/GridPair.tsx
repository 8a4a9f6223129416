import { Slider } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { SampleGrid } from "../../../common/protocol/trainer";
import { Hint } from "../components/Notes";
import { formatValue } from "../explain/format";
import { usePngUrl } from "../panels/usePngUrl";
import { pictureDifference, type NamedGrid, type PictureDifference } from "./gridsPicture";
import classes from "./compare.module.css";

interface Pair {
  readonly first: NamedGrid;
  readonly second: NamedGrid;
}

/** One run's samples over the other's, with a divider between them. */
export function SwipedGrids({ first, second }: Pair) {
  const [share, setShare] = useState(50);
  return (
    <div className={classes.pair} data-no-export="">
      <div className={classes.swiped}>
        <GridPicture named={second} />
        <div className={classes.over} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
          <GridPicture named={first} />
        </div>
        <span className={classes.divider} style={{ left: `${share}%` }} />
      </div>
      <Slider
        size={4}
        thumbSize={15}
        label={null}
        value={share}
        onChange={setShare}
        thumbLabel={`Divider: left ${first.name}, right ${second.name}`}
      />
      <Hint>
        Left of the divider {nameOf(first)}, right of it {nameOf(second)}.
      </Hint>
    </div>
  );
}

const nameOf = ({ name, grid }: NamedGrid) => `${name}, step ${grid.step}`;

function GridPicture({ named }: { readonly named: NamedGrid }) {
  const url = usePngUrl(named.grid.png);
  return url === null ? null : <img src={url} alt={`Samples of ${nameOf(named)}`} />;
}

/** Where two runs' samples differ, and by how much. */
export function DifferenceOfGrids({ first, second }: Pair) {
  const difference = useDifference(first.grid, second.grid);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!difference || !canvas.current) return;
    const { width, height, pixels } = difference;
    canvas.current.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [difference]);
  if (difference === null) {
    return <Hint>The samples of these runs are not of one size: they have no difference.</Hint>;
  }
  return (
    <div className={classes.pair} data-no-export="">
      <canvas
        ref={canvas}
        className={classes.differenceOf}
        width={difference?.width}
        height={difference?.height}
        role="img"
        aria-label={`Difference of the samples of ${first.name} and ${second.name}`}
      />
      <Hint>
        Black where {nameOf(first)} and {nameOf(second)} agree; the brighter, the further apart.
        {difference && ` On average ${formatValue(difference.mean)} of 255 a colour value.`}
      </Hint>
    </div>
  );
}

/** Undefined until it is computed; null where there is none. */
function useDifference(a: SampleGrid, b: SampleGrid): PictureDifference | null | undefined {
  const [difference, setDifference] = useState<PictureDifference | null>();
  useEffect(() => {
    let current = true;
    pictureDifference(a.png, b.png).then(
      (found) => current && setDifference(found),
      () => current && setDifference(null),
    );
    return () => {
      current = false;
    };
  }, [a, b]);
  return difference;
}
