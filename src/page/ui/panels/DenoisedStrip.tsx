import { sayTime } from "../../../common/config/noiseLevel";
import type { DenoisedStrip as Strip } from "../../../common/protocol/trainer";
import { selectGrid } from "../../store/selectors";
import { Heading, Hint } from "../components/Notes";
import { useStudio } from "../useStudio";
import classes from "./panels.module.css";
import { usePngUrl } from "./usePngUrl";

/** What the model thinks a held-out image is, over the noise level, at the step whose samples are shown. */
export function DenoisedStrip() {
  const strip = useStudio((state) => selectGrid(state)?.denoised);
  return strip ? <Row strip={strip} /> : null;
}

function Row({ strip }: { readonly strip: Strip }) {
  const family = useStudio(
    ({ run, experiment }) => (run.experiment ?? experiment.value).model.family,
  );
  const url = usePngUrl(strip.png);
  const tiles = [
    { name: "image", title: "The held-out image" },
    ...strip.times.map((t) => ({
      name: `t = ${t}`,
      title: `Predicted x₀ at ${sayTime(t, [family])}`,
    })),
  ];
  return (
    <figure aria-label="Predicted x₀ by noise level" style={{ margin: "16px 0 0" }}>
      <Heading order={3}>What the model thinks x₀ is</Heading>
      <ul
        className={classes.tiles}
        style={{ gridTemplateColumns: `repeat(${tiles.length}, minmax(0, 1fr))`, marginTop: 8 }}
      >
        {tiles.map(({ name, title }, i) => (
          <li key={name} className={classes.tile} title={title}>
            <div
              role="img"
              aria-label={title}
              className={classes.picture}
              style={{
                backgroundImage: url === null ? "none" : `url(${url})`,
                backgroundSize: `${tiles.length * 100}% 100%`,
                backgroundPosition: `${(100 * i) / (tiles.length - 1)}% 0`,
              }}
            />
            {/* in two lines rather than cut: a number that lacks its end is another one */}
            <div className={classes.tileName} style={{ whiteSpace: "normal" }} aria-hidden="true">
              {name}
            </div>
          </li>
        ))}
      </ul>
      <Hint component="figcaption">
        EMA weights: the image with so much of one noise in it, and the data its{" "}
        {family === "dit" ? "noise prediction" : "velocity"} leads back to. t = 0 is data.
      </Hint>
    </figure>
  );
}
