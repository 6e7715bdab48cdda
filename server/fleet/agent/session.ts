/**
 * An agent's part of the link: whether it has said hello, and was welcomed; what waits to leave.
 *
 *   DETACHED ──greet──▶ GREETED ──welcome──▶ WELCOMED        any ──lost──▶ DETACHED
 *                          ▲  └─refuse─▶ REFUSED ◀─refuse─┘
 *                          ├──────retry after a while──────┘
 *                          └── WELCOMED, with too many templates, or for want of contents
 */
import type { AgentMessage, Hello } from "../link.ts";

/** Wall-clock milliseconds until a refused cluster says hello again; doubled with each refusal until a report is acknowledged. */
export const REFUSED_RETRY_FIRST_MS = 500;
export const REFUSED_RETRY_MAX_MS = 10_000;

export type SessionState = "DETACHED" | "GREETED" | "WELCOMED" | "REFUSED";

export class AgentSession {
  #state: SessionState = "DETACHED";
  #outbox: AgentMessage[] = [];
  #refusedUntilMs = 0;
  #retryMs = REFUSED_RETRY_FIRST_MS;
  #takes: ReadonlySet<string> = new Set();

  get state(): SessionState {
    return this.#state;
  }

  get hasOutbox(): boolean {
    return this.#outbox.length > 0;
  }

  /** Begins anew: whatever else waited to leave does not. */
  greet(hello: Hello): void {
    this.#state = "GREETED";
    this.#outbox = [hello];
  }

  /** `takes`: what the gateway does, beyond the messages of the first version. */
  welcomed(takes: readonly string[] = []): void {
    this.#state = "WELCOMED";
    this.#takes = new Set(takes);
  }

  /** Whether a message of this type may be sent now. */
  takes(type: string): boolean {
    return this.#state === "WELCOMED" && this.#takes.has(type);
  }

  lost(): void {
    this.#state = "DETACHED";
    this.#outbox = [];
  }

  /** What was under way is refused, too: that is one refusal. */
  refused(wallMs: number): void {
    this.#outbox = [];
    if (this.#state !== "REFUSED") {
      this.#refusedUntilMs = wallMs + this.#retryMs;
      this.#retryMs = Math.min(REFUSED_RETRY_MAX_MS, this.#retryMs * 2);
    }
    this.#state = "REFUSED";
  }

  isRetryDue(wallMs: number): boolean {
    return this.#state === "REFUSED" && wallMs >= this.#refusedUntilMs;
  }

  /** The gateway works with this agent. */
  acknowledged(): void {
    this.#retryMs = REFUSED_RETRY_FIRST_MS;
  }

  send(messages: readonly AgentMessage[]): void {
    this.#outbox.push(...messages);
  }

  takeOutbox(): readonly AgentMessage[] {
    const messages = this.#outbox;
    this.#outbox = [];
    return messages;
  }
}
