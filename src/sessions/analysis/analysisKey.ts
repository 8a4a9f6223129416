import { autoencoderRow } from "../../common/catalogue/autoencoders";
import { encoderRow } from "../../common/catalogue/encoders";
import { hasNullLabel } from "../../common/config/nullLabel";
import type { EncoderId } from "../../common/config/experiment";
import type { BackendName } from "../../common/protocol/shared";
import type { OpenSubject } from "./analysisSubject";

/** Raised when the same inputs would give other numbers. */
const ARITHMETIC_VERSION = 1;

/** Names everything that decides a result's numbers. @param parts JSON, keys in a fixed order */
export const analysisKey = (parts: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ arithmetic: ARITHMETIC_VERSION, ...parts });

/** The images: which data set, how it is split, and how much of it a run used. */
export const dataPart = ({ data, experiment, ranges }: OpenSubject) => ({
  data: data.dataset.hash,
  holdOut: experiment.data.holdOutFraction,
  limit: experiment.data.imageLimit,
  ranges: ranges ?? "all",
});

/** Key part of a subject's model. Its experiment is in the checkpoint. */
export const subjectPart = (open: OpenSubject, backend: BackendName) => ({
  subject: open.subject,
  checkpoint: open.sha256,
  autoencoder: autoencoderRow(open.experiment.autoencoder.id).version,
  ...dataPart(open),
  // earlier versions gave such a model a null label that was never trained
  ...(hasNullLabel(open.experiment) ? {} : { labels: "own" }),
  backend,
});

/** Key part of an encoder's cached tokens. */
export const encoderPart = (open: OpenSubject, encoder: EncoderId) => ({
  encoder,
  version: encoderRow(encoder).version,
  grid: open.grid,
});

/** The same without any model: whoever has this data and grid shares it. */
export const encoderOnlyPart = (open: OpenSubject, encoder: EncoderId) => ({
  ...encoderPart(open, encoder),
  ...dataPart(open),
});
