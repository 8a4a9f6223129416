import { leastImages } from "../../common/config/leastImages";
import { cachedSoFar } from "../store/selectors";
import type { Command } from "./command";

export const trainOnCached: Command = {
  id: "trainOnCached",
  label: "Train on what is cached",
  about: "Stop caching and train on the images that are in every cache",
  place: "beside",
  look: () => "light",
  tip: (state) =>
    `Stop caching and train on the ${cachedSoFar(state).images} images that are in every cache`,
  offered: (state) => {
    const { run } = state;
    if (run.phase !== "caching") return "hidden";
    const { images, enough } = cachedSoFar(state);
    if (enough) return "offered";
    if (!run.experiment) return { disabled: "No image is in every cache yet." };
    const least = leastImages(run.experiment);
    return {
      disabled: `${images} images are in every cache; a run needs ${least.train} to train on and ${least.heldOut} held out.`,
    };
  },
  perform: ({ run }) => run.press("trainOnCached"),
};
