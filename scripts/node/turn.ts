/** Resolves after the event loop has turned: timers, messages and the GPU's answers get in. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
