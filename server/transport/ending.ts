import type { ServerResponse } from "node:http";

/** Whether the caller still waits for its answer. A signal is made only for what can be ended by one: compiled reads need none. */
export interface Gone {
  readonly already: boolean;
  signal(): AbortSignal;
}

export const goneOf = (signal: AbortSignal): Gone => ({
  get already() {
    return signal.aborted;
  },
  signal: () => signal,
});

/** Told by the end of the response; listened to only where somebody has to be told at once. */
export class ResponseGone implements Gone {
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get already(): boolean {
    return this.#response.closed;
  }

  signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = (this.#controller = new AbortController());
    if (this.already) controller.abort(GONE);
    else this.#response.once("close", () => controller.abort(GONE));
    return controller.signal;
  }
}

/** How work is told that it is over: its time is, or its caller has gone. */
export class Ending {
  readonly #gone: Gone | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(gone: Gone | undefined) {
    this.#gone = gone;
  }

  /** Why the work is over, where it is. */
  get reason(): Error | undefined {
    return this.#reason ?? (this.#gone?.already ? GONE : undefined);
  }

  signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.reason) this.#controller.abort(this.reason);
      else this.#gone?.signal().addEventListener("abort", this.#onGone, { once: true });
    }
    return this.#controller.signal;
  }

  end(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** The work is done, and is told nothing any more. */
  forget(): void {
    if (this.#controller) this.#gone?.signal().removeEventListener("abort", this.#onGone);
  }

  readonly #onGone = (): void => this.end(GONE);
}

/** Made once: an abort without a reason makes an exception, with its stack, for every request. */
export const GONE = new Error("the caller has gone");
