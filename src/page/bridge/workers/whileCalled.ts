import { proxy, type ProxyMarked } from "comlink";

/**
 * `call` with a listener for its worker that hears nothing more once the call is answered. Events come over a port of
 * their own: the last may arrive after the answer, and would begin anew what that has ended.
 */
export async function whileCalled<Heard, Answer>(
  onEvent: (event: Heard) => void,
  call: (listener: ((event: Heard) => void) & ProxyMarked) => Promise<Answer>,
): Promise<Answer> {
  let answered = false;
  const listener = (event: Heard) => {
    if (!answered) onEvent(event);
  };
  try {
    return await call(proxy(listener));
  } finally {
    answered = true;
  }
}
