/** What waits for its time, the earliest first: a binary heap, whose items know their places, so that any of them can be taken out. */

export interface Due {
  /** When it is due. Not to be changed while it is in a queue. */
  dueAt: number;
  /** Its place in the queue that it is in; the queue's alone to set. */
  place: number | undefined;
}

export class DueQueue<Item extends Due> {
  readonly #items: Item[] = [];

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** The item must be in no queue. Costs the logarithm of how many there are, as `remove` does. */
  add(item: Item): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Nothing, for an item that is in no queue; one of another queue must not be given. */
  remove(item: Item): void {
    const { place } = item;
    const last = this.#items.at(-1);
    if (place === undefined || last === undefined) return;
    item.place = undefined;
    this.#items.pop();
    if (last === item) return;
    if (last.dueAt < item.dueAt) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(item: Item, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || parent.dueAt <= item.dueAt) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(item: Item, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child === undefined || item.dueAt <= child.item.dueAt) break;
      this.#put(child.item, place);
      place = child.place;
    }
    this.#put(item, place);
  }

  #earlierChild(place: number): { readonly item: Item; readonly place: number } | undefined {
    const left = 2 * place + 1;
    const [a, b] = [this.#items[left], this.#items[left + 1]];
    if (a === undefined) return undefined;
    return b === undefined || a.dueAt <= b.dueAt ? { item: a, place: left } : { item: b, place: left + 1 };
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
