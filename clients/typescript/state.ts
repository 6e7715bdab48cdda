/**
 * How a stream stands, as a pure state machine; stream.ts tells it what happens.
 *
 *   connecting ──opened──▶ catching-up ──a whole state was taken──▶ live
 *       │                    ▲    ▲                                   │
 *       │                 opened  └──── a part, or a snapshot anew ───┤
 *       └──lost──▶ reconnecting ◀──────────── lost ───────────────────┘          any ──the end──▶ over
 *
 *   connecting    nothing was heard yet, and nothing was lost yet
 *   catching-up   the server answers; what the reader was handed is not the whole state yet. `anew`: the server could not go on at the cursor
 *                 (too old, another database) and sends a new snapshot: what the reader holds is to be forgotten, as the snapshot's first
 *                 message says as well
 *   live          what the reader was handed is a whole state, and the connection stands
 *   reconnecting  the connection is gone; which attempt is waited for or under way, and why
 *   over          nothing follows: the subject has ended, the caller stopped it, or it failed for good
 *
 * `staleSince` is when the last message that made the state whole was heard, by this machine's clock: what is held was right then, and is not
 * known to be since. null: there was none yet.
 *
 * Laws: `attempt` counts the losses since the last message. What was lost stays lost: messages that were received before the loss, and are
 * taken after it, change nothing. `over` is final.
 */
export type StreamState =
  | { readonly kind: "connecting" }
  | { readonly kind: "catching-up"; readonly staleSince: Date | null; readonly anew: boolean }
  | { readonly kind: "live" }
  | { readonly kind: "reconnecting"; readonly attempt: number; readonly reason: string; readonly staleSince: Date | null }
  | StreamEnd;

export type StreamEnd = { readonly kind: "over"; readonly how: "ended" | "aborted" } | { readonly kind: "over"; readonly how: "failed"; readonly error: Error };

export type StreamEvent =
  | { readonly kind: "opened" }
  /** A message has arrived. */
  | { readonly kind: "heard"; readonly at: Date }
  /** The reader is handed the snapshot that answers a cursor. */
  | { readonly kind: "anew" }
  /** The reader is handed a message that arrived at that time; `whole`: with it, it holds a whole state. */
  | { readonly kind: "taken"; readonly whole: boolean; readonly at: Date }
  | { readonly kind: "lost"; readonly reason: string }
  | StreamEnd;

export interface Standing {
  readonly state: StreamState;
  /** Losses since the last message. */
  readonly attempt: number;
  /** When the last message arrived. */
  readonly heardAt: Date | null;
  /** When the last message arrived that made the state whole. */
  readonly wholeAt: Date | null;
}

export const BEGINNING: Standing = { state: { kind: "connecting" }, attempt: 0, heardAt: null, wholeAt: null };

/** `state` is the same object where nothing that is shown has changed. */
export function advance(standing: Standing, event: StreamEvent): Standing {
  const { state, attempt, wholeAt: staleSince } = standing;
  if (state.kind === "over") return standing;
  const catchingUp = (anew: boolean): Standing => ({ ...standing, state: { kind: "catching-up", staleSince, anew } });
  switch (event.kind) {
    case "opened":
      return state.kind === "connecting" || state.kind === "reconnecting" ? catchingUp(false) : standing;
    case "heard":
      // A message says as well that the server answers.
      return { ...advance(standing, { kind: "opened" }), attempt: 0, heardAt: event.at };
    case "anew":
      return state.kind === "reconnecting" ? standing : catchingUp(true);
    case "taken":
      if (state.kind === "reconnecting") return standing;
      if (event.whole) return { ...standing, wholeAt: event.at, state: state.kind === "live" ? state : { kind: "live" } };
      return state.kind === "live" ? catchingUp(false) : standing;
    case "lost":
      return { ...standing, attempt: attempt + 1, state: { kind: "reconnecting", attempt: attempt + 1, reason: event.reason, staleSince } };
    case "over":
      return { ...standing, state: event };
  }
}
