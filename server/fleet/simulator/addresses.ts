/**
 * Private addresses of one subnet on one cluster, handed out by its agent alone. IPv4 addresses are unsigned 32-bit numbers here.
 *
 * Usable are all addresses of the block but the network's, the broadcast's and the gateway's. Taking one costs the same however full the
 * block is: first from those given back, oldest first and only after they have rested, else the next that was never used; when the block is
 * used up, rested or not. So the list of given-back addresses is never longer than REST plus the most pods there were at once.
 */
const REST = 64;

export interface Block {
  /** First and last address of the block. */
  readonly first: number;
  readonly last: number;
}

export function parseIpv4(text: string): number {
  const parts = text.split(".");
  const bytes = parts.map(Number);
  if (parts.length !== 4 || parts.some((part, index) => !/^\d{1,3}$/.test(part) || (bytes[index] as number) > 255)) {
    throw new Error(`"${text}" is no IPv4 address`);
  }
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

export const formatIpv4 = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;

/** E.g. `10.0.0.0/20`; bits right of the prefix are ignored. */
export function parseCidr(text: string): Block {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const prefix = Number(match?.[2]);
  if (match === null || prefix > 32) throw new Error(`"${text}" is no IPv4 block`);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(parseIpv4(match[1] as string) / size) * size;
  return { first, last: first + size - 1 };
}

export class AddressPool {
  readonly cidr: string;
  readonly #block: Block;
  readonly #gateway: number;
  /** The lowest address that was never taken. */
  #fresh: number;
  #returned: number[] = [];
  /** Index of the oldest returned address: the list is a queue, compacted now and then. */
  #oldest = 0;

  constructor(cidr: string, gateway: string) {
    this.cidr = cidr;
    this.#block = parseCidr(cidr);
    this.#gateway = parseIpv4(gateway);
    this.#fresh = this.#block.first + 1;
  }

  /** An address nobody has, or null when the block is used up. */
  take(): number | null {
    if (this.#returned.length - this.#oldest > REST) return this.#reuse();
    if (this.#fresh === this.#gateway) this.#fresh += 1;
    if (this.#fresh < this.#block.last) return this.#fresh++;
    return this.#returned.length > this.#oldest ? this.#reuse() : null;
  }

  /** Whether `take` has one to give. */
  get hasFree(): boolean {
    const next = this.#fresh === this.#gateway ? this.#fresh + 1 : this.#fresh;
    return next < this.#block.last || this.#returned.length > this.#oldest;
  }

  /** Only for an address that was taken, and once. */
  giveBack(address: number): void {
    this.#returned.push(address);
  }

  /** After a restart: these are taken, all else is free. Only for a pool of which nothing was taken. */
  restore(taken: ReadonlySet<number>): void {
    let highest = this.#fresh - 1;
    for (const address of taken) if (address > highest && address < this.#block.last) highest = address;
    for (; this.#fresh <= highest; this.#fresh++) {
      if (this.#fresh !== this.#gateway && !taken.has(this.#fresh)) this.#returned.push(this.#fresh);
    }
  }

  #reuse(): number {
    const address = this.#returned[this.#oldest++] as number;
    if (this.#oldest > 1_024 && this.#oldest * 2 > this.#returned.length) {
      this.#returned = this.#returned.slice(this.#oldest);
      this.#oldest = 0;
    }
    return address;
  }
}
