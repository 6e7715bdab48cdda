import type { Reason } from "../answer.ts";

/** This operation can't be one statement's text. */
export class NotCompiled extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(`not compiled: ${reason}`);
    this.reason = reason;
  }
}
