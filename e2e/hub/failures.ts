/** Which of the three hosts a request reached. */
export type HubHost = "hub" | "storage" | "datasetsServer";

export type HubFailure =
  | {
      readonly kind: "status";
      /** 401 and 403 of the hub say the repository is gated. */
      readonly status: number;
      readonly retryAfterSeconds?: number;
    }
  /** The connection breaks when this many bytes of the body are out. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The connection stays open and nothing comes after this many bytes of the body. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  | { readonly kind: "trickle"; readonly bytesPerSecond: number }
  /** Bytes other than those the tree names: the file's last one is inverted. */
  | { readonly kind: "wrongBytes" }
  /** The hub hands out a link that is over already; the storage host answers 403. */
  | { readonly kind: "expiredLink" }
  /** Ranges are ignored: 200 and the whole body. */
  | { readonly kind: "noRange" };

export interface FailureRule {
  readonly failure: HubFailure;
  /** Only on this host; on any when left out. */
  readonly host?: HubHost;
  /** Only where the path of the file (or of the request, for API calls) contains this. */
  readonly path?: string;
  /** How many requests meet it: 1 when left out, Infinity for lasting. */
  readonly times?: number;
}

export interface FailureBook {
  readonly add: (rule: FailureRule) => void;
  readonly clear: () => void;
  /** The first rule of one of these kinds for a request; it counts as met. */
  readonly take: (
    kinds: readonly HubFailure["kind"][],
    host: HubHost,
    path: string,
  ) => HubFailure | undefined;
}

export function failureBook(): FailureBook {
  let rules: { rule: FailureRule; left: number }[] = [];
  return {
    add: (rule) => {
      rules.push({ rule, left: rule.times ?? 1 });
    },
    clear: () => {
      rules = [];
    },
    take: (kinds, host, path) => {
      const met = rules.find(
        ({ rule, left }) =>
          left > 0 &&
          kinds.includes(rule.failure.kind) &&
          (rule.host ?? host) === host &&
          path.includes(rule.path ?? ""),
      );
      if (met) met.left -= 1;
      return met?.rule.failure;
    },
  };
}
