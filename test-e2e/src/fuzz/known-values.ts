/**
 * Values that mean something to the server: without them a fuzzer would only ever ask for what is not there. Those that
 * answers hold are learnt by the name of the parameter that takes them: a `cursor` in an answer is a `cursor` to ask with,
 * a `name` in a list of `keyspaces` is a `keyspace`.
 */
import fc from 'fast-check';

const mostPerName = 20;

export class KnownValues {
  readonly #values = new Map<string, string[]>();

  /** Learns from the JSON of an answer. */
  learn(json: unknown): void {
    if (typeof json !== 'object' || json === null) return;
    if (Array.isArray(json)) {
      for (const item of json) this.learn(item);
      return;
    }
    for (const [name, value] of Object.entries(json)) {
      if (typeof value === 'string') this.add(name, value);
      else if (Array.isArray(value) && name.endsWith('s')) this.#learnNames(name.slice(0, -1), value);
      this.learn(value);
    }
  }

  /** The first value and the latest ones are kept: what was there before the run stays worth asking for. */
  add(name: string, value: string): void {
    const values = this.#values.get(name) ?? [];
    if (values.includes(value)) return;
    values.push(value);
    if (values.length > mostPerName) values.splice(1, 1);
    this.#values.set(name, values);
  }

  /** Chosen when it is used, from what is known then: 0 is the first, 1 the latest. Undefined where nothing is known. */
  pick(name: string, choice: number): string | undefined {
    const values = this.#values.get(name) ?? [];
    return values.at(-choice % Math.max(1, values.length));
  }

  #learnNames(name: string, items: readonly unknown[]): void {
    for (const item of items) {
      const named = (item as { name?: unknown } | null)?.name;
      if (typeof named === 'string') this.add(name, named);
    }
  }
}

/** A text that is known under a name when it is used, or else the one that was drawn. */
export interface DrawnText {
  readonly known: number | undefined;
  readonly text: string;
  /** In a query: the name that the path ends with, if this run made it. So are things confirmed that cannot be undone. */
  readonly repeatsPath?: boolean;
}

/** Mostly the same: requests for one thing after the other would never meet. */
const choices = fc.constantFrom(0, 0, 0, 1, 2);

/** @param knownShare how often a known value is taken, 0 to 1 */
export function drawnTexts(texts: fc.Arbitrary<string>, knownShare: number): fc.Arbitrary<DrawnText> {
  const share = Math.round(knownShare * 100);
  return fc.record({
    known: fc.oneof({ weight: share, arbitrary: choices }, { weight: 100 - share, arbitrary: fc.constant(undefined) }),
    text: texts,
  });
}
