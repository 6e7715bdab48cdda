/** What is typed into terminals and shown by them, as it is kept: each piece in an envelope of its own (envelope.ts), which opens in its place only. */
import { decryptEntries, encryptEntries, type Envelope, type KeyRing } from "./envelope.ts";

export interface TerminalPlace {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly what: "command" | "input" | "output";
  /** 0 for the command. */
  readonly sequence: number;
}

/** As the columns have it. */
export interface KeptEnvelope {
  readonly key_id: string;
  readonly wrapped_key: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const contextOf = ({ tenantId, sessionId, what, sequence }: TerminalPlace): string => `${tenantId}/terminal/${sessionId}/${what}/${sequence}`;

export const sealText = (ring: KeyRing, text: string, place: TerminalPlace): Envelope => encryptEntries(ring, [{ key: "", value: text }], contextOf(place));

/** @throws EnvelopeBroken */
export const openText = (ring: KeyRing, { key_id: keyId, wrapped_key: wrappedKey, ciphertext }: KeptEnvelope, place: TerminalPlace): string =>
  decryptEntries(ring, { keyId, wrappedKey, ciphertext }, contextOf(place))[0]?.value ?? "";
