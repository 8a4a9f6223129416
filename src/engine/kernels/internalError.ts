import { StudioError } from "../../common/errors/studioError";

/** A fault of this program, which a user can only report. */
export const internalError = (message: string): StudioError =>
  new StudioError(
    "INTERNAL",
    message,
    "This is a fault of the program: please report it with the share link of the run.",
  );
