import { Slider } from "@mantine/core";
import { useId, type KeyboardEvent } from "react";
import { ENCODER_ROWS } from "../../../common/catalogue/encoders";
import { modelShape } from "../../../common/config/sizes";
import { SETTINGS, type Setting } from "../../../common/config/settings";
import { useField } from "../components/useField";
import { encoderShort } from "../explain/names";
import { useStudio } from "../useStudio";
import { blockBoxes, depthAfterKey } from "./blockBoxes";
import classes from "./method.module.css";

const settingAt = (path: string): Setting => {
  const found = SETTINGS.find((setting) => setting.path === path);
  if (!found) throw new Error(`There is no setting ${path}.`);
  return found;
};
const DEPTH = settingAt("alignment.encoderDepth");
const LAMBDA = settingAt("alignment.projCoeff");
const ENCODERS = settingAt("alignment.encoders");

/** Where the slider ends; larger weights are typed. */
const LARGEST_LAMBDA = 2;
const COS_RADIUS = 16;
/** Of arrows: their tip is a little before the line's end. */
const HEAD = {
  ...{ viewBox: "0 0 6 6", refX: "3", refY: "3", orient: "auto" },
  markerUnits: "userSpaceOnUse",
} as const;
/** How thick the alignment's arrows are drawn at λ = 1. */
const WIDTH_PER_LAMBDA = 3;

/**
 * REPA as a picture: the noisy image through the transformer, the clean one through the frozen encoder, and the cosine
 * between them. The block, the encoder and λ in it are the settings: moving them here moves them everywhere.
 */
export function MethodDrawing() {
  const depth = useField(DEPTH);
  const lambda = useField(LAMBDA);
  const blocks = useStudio((state) => modelShape(state.experiment.value.model).depth);
  const family = useStudio((state) => state.experiment.value.model.family);
  const tap = typeof depth.value === "number" ? Math.min(depth.value, blocks) : 1;
  const weight = typeof lambda.value === "number" ? lambda.value : 0;
  const [arrow, pullArrow] = [useId(), useId()];
  const boxes = blockBoxes(blocks);
  const tapped = boxes[tap - 1] ?? { y: 60, height: 10 };
  const middle = tapped.y + tapped.height / 2;
  const cos = Math.max(108, middle); // below the encoder
  const pull = {
    strokeWidth: Math.max(0.8, Math.min(weight * WIDTH_PER_LAMBDA, 5)),
    ...(weight === 0 && { strokeDasharray: "3 3" }),
  };
  return (
    <figure className={classes.drawing} aria-label="The method">
      <div className={classes.stage}>
        <svg viewBox="0 0 264 196" className={classes.picture}>
          <defs>
            {/* in the drawing's own units: a thick arrow would else have a head as large as the drawing */}
            <marker id={arrow} className={classes.head} {...HEAD} markerWidth="6" markerHeight="6">
              <path d="M0 0 6 3 0 6Z" />
            </marker>
            <marker
              id={pullArrow}
              className={classes.pullHead}
              {...HEAD}
              markerWidth="10"
              markerHeight="10"
            >
              <path d="M0 0 6 3 0 6Z" />
            </marker>
          </defs>
          <Box
            x={8}
            y={4}
            width={92}
            text={family === "dit" ? "noisy image xₜ" : "noisy image xₜ, t"}
          />
          <Box x={168} y={4} width={88} text="clean image x₀" />
          <g markerEnd={`url(#${arrow})`} className={classes.flow}>
            <path d="M54 24V36" />
            <path d="M54 160V172" />
            <path d="M212 24V40" />
            <path d={`M212 70V${cos - COS_RADIUS - 1}`} />
          </g>
          <Blocks
            boxes={boxes}
            tap={tap}
            locked={depth.locked}
            onTap={(block) => depth.set(block)}
          />
          <Box x={8} y={174} width={92} text={family === "dit" ? "noise εθ" : "velocity vθ"} />
          <g className={classes.pull} style={pull} markerEnd={`url(#${pullArrow})`}>
            <path d={`M102 ${middle}H107`} />
            <path d={`M151 ${middle}L${206 - COS_RADIUS} ${cos}`} />
          </g>
          <Box x={113} y={middle - 10} width={38} text="MLP hφ" />
          <circle cx={212} cy={cos} r={COS_RADIUS} className={classes.box} />
          <text x={212} y={cos + 3.5} className={classes.text}>
            cos
          </text>
        </svg>
        <EncoderChoice />
      </div>
      <div className={classes.lambda}>
        <span aria-hidden="true">λ {weight}</span>
        <Slider
          size={4}
          thumbSize={13}
          min={0}
          max={LARGEST_LAMBDA}
          step={0.05}
          label={null}
          disabled={lambda.locked}
          value={Math.min(weight, LARGEST_LAMBDA)}
          onChange={(value) => {
            if (!lambda.sent) lambda.set(value);
          }}
          onChangeEnd={lambda.set}
          thumbLabel="λ in the drawing"
        />
      </div>
      <figcaption className={classes.caption}>
        Loss = denoising + λ · (−cos). The encoder is frozen and only used in training. The paper’s
        Section 3.3.
      </figcaption>
    </figure>
  );
}

function Box(props: {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly text: string;
}) {
  const { x, y, width, text } = props;
  return (
    <>
      <rect x={x} y={y} width={width} height={20} rx={4} className={classes.box} />
      <text x={x + width / 2} y={y + 13.5} className={classes.text}>
        {text}
      </text>
    </>
  );
}

/** The blocks from first to last; the aligned one is chosen by a press or by the arrow keys. */
function Blocks(props: {
  readonly boxes: ReturnType<typeof blockBoxes>;
  readonly tap: number;
  readonly locked: boolean;
  readonly onTap: (block: number) => void;
}) {
  const { boxes, tap, locked, onTap } = props;
  const count = boxes.length;
  const onKey = (event: KeyboardEvent) => {
    const next = depthAfterKey(event.key, tap, count);
    if (next === null || locked) return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== tap) onTap(next);
  };
  return (
    <g
      role="slider"
      tabIndex={0}
      aria-label="Aligned block in the drawing"
      aria-valuemin={1}
      aria-valuemax={count}
      aria-valuenow={tap}
      aria-disabled={locked}
      className={classes.blocks}
      onKeyDown={onKey}
    >
      {boxes.map(({ y, height }, i) => (
        <rect
          key={i}
          x={8}
          y={y}
          width={92}
          height={height}
          rx={2}
          data-block={i + 1}
          className={i + 1 === tap ? classes.tapped : classes.block}
          onClick={() => {
            if (!locked) onTap(i + 1);
          }}
        >
          <title>{`Block ${i + 1} of ${count}`}</title>
        </rect>
      ))}
    </g>
  );
}

/** One frozen encoder; several are chosen below, in the form. */
function EncoderChoice() {
  const field = useField(ENCODERS);
  const chosen = useStudio((state) => state.experiment.value.alignment.encoders);
  const [only] = chosen;
  const several = chosen.length > 1;
  return (
    <select
      className={classes.encoder}
      aria-label="Encoder in the drawing"
      disabled={field.locked}
      value={several ? "" : (only ?? "")}
      onChange={(event) => field.set([event.currentTarget.value])}
    >
      {several && <option value="">{chosen.map(encoderShort).join(" + ")}</option>}
      {ENCODER_ROWS.map(({ id, short }) => (
        <option key={id} value={id}>
          {short}
        </option>
      ))}
    </select>
  );
}
