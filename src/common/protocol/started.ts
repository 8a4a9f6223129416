/** A worker posts this once its script is loaded and its calls are answered. */
export const STARTED = "repa-studio: worker started";
