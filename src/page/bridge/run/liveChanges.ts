import { withChange, type ControlChange, type Experiment } from "../../../common/config/experiment";
import { changedKeys, differing, type LiveKey } from "../../../common/config/liveChange";

/** A gesture that rests so long is over. */
const REST_MS = 400;

export interface LiveChangesOptions {
  /** What the run under way trains with; null when no run is. */
  readonly inForce: () => Experiment["alignment"] | null;
  /** Brings one setting's change to the run. @returns false when it was not taken */
  readonly send: (change: ControlChange) => Promise<boolean>;
  /** Tells which changes are not in force yet; the form goes on showing them. */
  readonly onWanted: (wanted: ControlChange) => void;
  /** The form shows again what is in force. */
  readonly putBack: (key: LiveKey) => void;
  /** Whether a key that moves a setting is down: its gesture is not over, however long its first repetition takes. */
  readonly isKeyHeld: () => boolean;
  /** Calls `run` after so long. @returns what keeps it from being called */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** Changes of a run's live settings, one for each gesture: a key held, a drag, several presses in a row. */
export interface LiveChanges {
  readonly want: (change: ControlChange) => void;
  /** The gesture is over: what is pressed next must find the change made. */
  readonly flush: () => void;
}

export function createLiveChanges(options: LiveChangesOptions): LiveChanges {
  let waiting: ControlChange = {};
  let sent: readonly ControlChange[] = [];
  let cancelTimer: (() => void) | undefined;

  /** What is on its way, the newest of each setting. */
  const underWay = () => sent.reduce<ControlChange>((all, change) => ({ ...all, ...change }), {});
  const wanted = (): ControlChange => ({ ...underWay(), ...waiting });

  const send = (change: ControlChange, key: LiveKey) => {
    sent = [...sent, change];
    void options.send(change).then((taken) => {
      sent = sent.filter((other) => other !== change);
      options.onWanted(wanted());
      if (!taken && wanted()[key] === undefined) options.putBack(key);
    });
  };

  function flush(): void {
    cancelTimer?.();
    const inForce = options.inForce();
    const change = inForce && differing(withChange(inForce, underWay()), waiting);
    waiting = {};
    // one by one: an encoder's features may take minutes, and nothing else is to wait for them
    for (const key of change ? changedKeys(change) : []) send({ [key]: change?.[key] }, key);
    options.onWanted(wanted());
  }

  const rest = () => {
    cancelTimer?.();
    cancelTimer = options.after(REST_MS, () => (options.isKeyHeld() ? rest() : flush()));
  };

  return {
    want: (change) => {
      waiting = { ...waiting, ...change };
      options.onWanted(wanted());
      rest();
    },
    flush,
  };
}
