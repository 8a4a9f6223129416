/** Resolves after the event loop has turned: timers, messages and results of the GPU are handled. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
