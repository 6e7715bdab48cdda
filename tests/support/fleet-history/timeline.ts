/** Virtual time: what is to happen, in order; at one instant, in the order in which it was asked for. */
export class VirtualTime {
  now = 0;
  #asked = 0;
  readonly #heap: { readonly at: number; readonly order: number; readonly work: () => void | Promise<void> }[] = [];

  at(at: number, work: () => void | Promise<void>): void {
    const heap = this.#heap;
    heap.push({ at: Math.max(at, this.now), order: this.#asked++, work });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  after(ms: number, work: () => void | Promise<void>): void {
    this.at(this.now + ms, work);
  }

  /** Everything up to this instant; `settled` runs after each thing that happened. */
  async runTo(until: number, settled: () => void | Promise<void>): Promise<void> {
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || next.at > until) break;
      this.#drop();
      this.now = next.at;
      const working = next.work();
      // Awaiting what is no promise costs more than all that a history of a model does.
      if (working !== undefined) await working;
      const settling = settled();
      if (settling !== undefined) await settling;
    }
    this.now = until;
  }

  #drop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let parent = 0; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let first = parent;
      if (left < heap.length && this.#isBefore(left, first)) first = left;
      if (right < heap.length && this.#isBefore(right, first)) first = right;
      if (first === parent) return;
      this.#swap(parent, first);
      parent = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
