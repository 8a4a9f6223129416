import { Loader } from "@mantine/core";
import { encoderRow } from "../../../common/catalogue/encoders";
import type { FeatureMaps } from "../../../common/protocol/previews";
import type { MapJob, SelectedImage } from "../../store/previewSlice";
import { Hint, Problem } from "../components/Notes";
import { slowText } from "../explain/device";
import { formatRate, formatValue } from "../explain/format";
import { useStudio } from "../useStudio";
import { Picture } from "../components/Picture";
import classes from "./data.module.css";

/** One row of images, and one of token colours for each encoder, tile under tile. */
export function MapsTable() {
  const jobs = useStudio((state) => state.preview.jobs);
  const mapped = useStudio((state) => state.preview.mapped);
  const device = useStudio((state) => state.preview.device);
  if (jobs.length === 0) return null;
  return (
    <figure className={classes.maps} aria-label="Feature maps by encoder">
      <div className={classes.mapScroll} tabIndex={0} role="group" aria-label="Feature maps">
        <table>
          <tbody>
            <tr>
              <th scope="row">Images</th>
              {mapped.map(({ image, side, rgb }) => (
                <td key={image}>
                  <Picture side={side} rgb={rgb} className={classes.map} />
                </td>
              ))}
            </tr>
            {jobs.map((job) => (
              <EncoderRow key={job.encoder} job={job} mapped={mapped} />
            ))}
          </tbody>
        </table>
      </div>
      <Hint component="figcaption">
        Red, green and blue are the three largest principal components of one encoder’s tokens, over
        all tokens of the images shown: within a row, like colours mean like tokens; colours of two
        rows have nothing to do with each other. It shows how an encoder divides an image, not what
        it knows of it. Spatial score: mean cosine of near token pairs less that of distant ones,
        over the images shown.
        {device && ` Computed on ${device.adapter} (${device.backend}).`}
        {device?.slowBecause?.kind === "failed" && ` ${slowText(device.slowBecause)}`}
      </Hint>
    </figure>
  );
}

function EncoderRow(props: { readonly job: MapJob; readonly mapped: readonly SelectedImage[] }) {
  const { job, mapped } = props;
  const name = encoderRow(job.encoder).label;
  return (
    <tr>
      <th scope="row">
        <strong>{name}</strong>
        {job.maps && <Figures maps={job.maps} />}
        {job.status === "running" && (
          <span role="status" aria-label={`Encoding with ${name}`}>
            <Loader size={12} />
          </span>
        )}
        {job.status === "waiting" && <span className={classes.faint}>waits</span>}
      </th>
      {job.failure ? (
        <td colSpan={Math.max(1, mapped.length)}>
          <Problem role="alert">
            {job.failure.message} {job.failure.hint}
          </Problem>
        </td>
      ) : (
        mapped.map(({ image }, index) => (
          <td key={image}>{job.maps && <Tile maps={job.maps} index={index} />}</td>
        ))
      )}
    </tr>
  );
}

function Tile({ maps, index }: { readonly maps: FeatureMaps; readonly index: number }) {
  const { side, rgb } = maps.maps;
  const length = side * side * 3;
  const pixels = rgb.subarray(index * length, (index + 1) * length);
  return pixels.length < length ? null : (
    <Picture side={side} rgb={pixels} className={classes.map} />
  );
}

function Figures({ maps }: { readonly maps: FeatureMaps }) {
  const { spatialScore, near, distant, explained, imageCount, imagesPerSecond } = maps;
  return (
    <dl className={classes.figures}>
      <dt>Spatial score</dt>
      <dd>
        {formatValue(spatialScore)} <small>n = {imageCount}</small>
      </dd>
      <dt>Near, distant</dt>
      <dd>
        {formatValue(near)}, {formatValue(distant)}
      </dd>
      <dt>Variance shown</dt>
      <dd>{(100 * explained).toFixed(0)} %</dd>
      <dt>Speed</dt>
      <dd>{imageRate(imagesPerSecond)}</dd>
    </dl>
  );
}

/** As training steps are: "0.4 images/s" says little, "2.5 s/image" more. */
export const imageRate = (imagesPerSecond: number): string =>
  formatRate(1000 / imagesPerSecond, { one: "image", many: "images" });
