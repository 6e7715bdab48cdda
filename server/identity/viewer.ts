import type { Role } from "../domain/states.ts";

/** Who is asking: one token of one tenant. Made once a connection or request by authentication; everything below trusts it. */
export interface Viewer {
  readonly tenantId: string;
  readonly tokenId: string;
  readonly tokenName: string;
  readonly role: Role;
  /** Names, as the token was made; null: the whole tenant. */
  readonly namespaces: readonly string[] | null;
  /** The same as uuids of namespaces that exist now; null: the whole tenant. */
  readonly namespaceIds: readonly string[] | null;
  /** Milliseconds on the simulation's clock; null: never. */
  readonly expiresAt: number | null;
}

/** A viewer in the act of changing something: what the audit entry needs besides. */
export interface Actor extends Viewer {
  readonly requestId: string;
  readonly sourceAddress: string | null;
  /** Of the server: what addresses that the caller is given begin with. */
  readonly origin?: string;
}
