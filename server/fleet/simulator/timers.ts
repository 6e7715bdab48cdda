/**
 * The engine's one clockwork: an indexed binary heap over slots of the pod table, ordered by due time, then by the pod's serial number, so
 * that ties fall the same way in every run. A slot has at most one timer; setting it again moves it. Times are simulated milliseconds.
 */
export class TimerHeap {
  #slots: Int32Array<ArrayBuffer> = new Int32Array(16);
  /** Where a slot stands in the heap, -1 for nowhere. */
  #position: Int32Array<ArrayBuffer> = new Int32Array(16).fill(-1);
  #due: Float64Array<ArrayBuffer> = new Float64Array(16);
  #order: Float64Array<ArrayBuffer> = new Float64Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Infinity when nothing is due ever. */
  nextDue(): number {
    return this.#size === 0 ? Infinity : (this.#due[this.#slots[0] as number] as number);
  }

  /** The due time of a slot's timer, Infinity for none. */
  dueOf(slot: number): number {
    return slot < this.#position.length && (this.#position[slot] as number) >= 0 ? (this.#due[slot] as number) : Infinity;
  }

  set(slot: number, due: number, order: number): void {
    this.#reserve(slot);
    this.#due[slot] = due;
    this.#order[slot] = order;
    let at = this.#position[slot] as number;
    if (at < 0) {
      at = this.#size++;
      this.#put(slot, at);
    }
    this.#down(this.#up(at));
  }

  cancel(slot: number): void {
    const at = slot < this.#position.length ? (this.#position[slot] as number) : -1;
    if (at < 0) return;
    this.#position[slot] = -1;
    const last = this.#slots[--this.#size] as number;
    if (last === slot) return;
    this.#put(last, at);
    this.#down(this.#up(at));
  }

  /** Takes the slot that is due first. Only while there is one. */
  pop(): number {
    const slot = this.#slots[0] as number;
    this.cancel(slot);
    return slot;
  }

  #put(slot: number, at: number): void {
    this.#slots[at] = slot;
    this.#position[slot] = at;
  }

  #before(a: number, b: number): boolean {
    const difference = (this.#due[a] as number) - (this.#due[b] as number);
    return difference < 0 || (difference === 0 && (this.#order[a] as number) < (this.#order[b] as number));
  }

  #up(from: number): number {
    const slot = this.#slots[from] as number;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#slots[parent] as number;
      if (!this.#before(slot, above)) break;
      this.#put(above, at);
      at = parent;
    }
    this.#put(slot, at);
    return at;
  }

  #down(from: number): void {
    const slot = this.#slots[from] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(this.#slots[child + 1] as number, this.#slots[child] as number)) child += 1;
      const below = this.#slots[child] as number;
      if (!this.#before(below, slot)) break;
      this.#put(below, at);
      at = child;
    }
    this.#put(slot, at);
  }

  #reserve(slot: number): void {
    if (slot < this.#position.length) return;
    const capacity = Math.max(slot + 1, this.#position.length * 2);
    const position = new Int32Array(capacity).fill(-1);
    position.set(this.#position);
    this.#position = position;
    this.#slots = grown(this.#slots, new Int32Array(capacity));
    this.#due = grown(this.#due, new Float64Array(capacity));
    this.#order = grown(this.#order, new Float64Array(capacity));
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
