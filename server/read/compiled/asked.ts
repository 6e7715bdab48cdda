import type { Request } from "../../../schema/shared/mapping/kinds.ts";
import type { Viewer } from "../../identity/viewer.ts";

/**
 * A request's values for conditions and expressions, which counts how often it is asked for what makes an answer good for this moment or this token only: the
 * time, and who exactly asks. Tenant, role and namespaces are not counted: what is remembered is remembered for them.
 */
export class AskedRequest implements Request {
  asked = 0;
  readonly #request: Request;
  readonly viewer: Viewer;

  constructor(request: Request) {
    this.#request = request;
    this.viewer = new AskedViewer(request.viewer, () => (this.asked += 1));
  }

  get now(): Date {
    this.asked += 1;
    return this.#request.now;
  }
  get staleBefore(): Date {
    this.asked += 1;
    return this.#request.staleBefore;
  }
}

class AskedViewer implements Viewer {
  readonly #viewer: Viewer;
  readonly #note: () => void;

  constructor(viewer: Viewer, note: () => void) {
    this.#viewer = viewer;
    this.#note = note;
  }

  get tenantId(): string {
    return this.#viewer.tenantId;
  }
  get role(): Viewer["role"] {
    return this.#viewer.role;
  }
  get namespaces(): Viewer["namespaces"] {
    return this.#viewer.namespaces;
  }
  get namespaceIds(): Viewer["namespaceIds"] {
    return this.#viewer.namespaceIds;
  }
  get tokenId(): string {
    this.#note();
    return this.#viewer.tokenId;
  }
  get tokenName(): string {
    this.#note();
    return this.#viewer.tokenName;
  }
  get expiresAt(): Viewer["expiresAt"] {
    this.#note();
    return this.#viewer.expiresAt;
  }
}
