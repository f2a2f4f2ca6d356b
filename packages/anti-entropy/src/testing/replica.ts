/** A set of versioned keys with its tree, kept as a store would keep them. */
import { compareKeys, type Entry, type ListEntries, listFrom, type ListingLimits } from '../entry-source.ts';
import { Exchange, type Difference, type ExchangeOptions, type ExchangeOutcome } from '../exchange.ts';
import { HashTree } from '../hash-tree.ts';
import type { ExchangeRequest } from '../messages.ts';
import { respond } from '../respond.ts';

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export class TestReplica {
  readonly tree: HashTree;
  readonly list: ListEntries;
  readonly #entries = new Map<string, Entry>();

  constructor(levels = 3, limits?: ListingLimits) {
    this.tree = new HashTree({ levels });
    this.list = (query) => listFrom(this.entries(), query, limits);
  }

  /** The higher version stays, as in a store whose last write wins. */
  put(key: string, version: string): void {
    const [entry, known] = [{ key: bytesOf(key), version: bytesOf(version) }, this.#entries.get(key)];
    if (known !== undefined && compareKeys(known.version, entry.version) >= 0) return;
    this.tree.replace(entry.key, known?.version, entry.version);
    this.#entries.set(key, entry);
  }

  remove(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.tree.replace(known.key, known.version, undefined);
    this.#entries.delete(key);
  }

  entries(): Entry[] {
    return [...this.#entries.values()].sort((a, b) => compareKeys(a.key, b.key));
  }

  contents(): Record<string, string> {
    return Object.fromEntries(this.entries().map(({ key, version }) => [textOf(key), textOf(version)]));
  }
}

export interface ExchangeReport {
  readonly outcome: ExchangeOutcome;
  readonly requests: readonly ExchangeRequest[];
  readonly differences: readonly Difference[];
}

/** Runs an exchange to its end; `each` is called with differences as they are told, before the next response. */
export function runExchange(
  ours: TestReplica,
  theirs: TestReplica,
  options: ExchangeOptions = {},
  each: (differences: readonly Difference[]) => void = () => undefined,
): ExchangeReport {
  const exchange = new Exchange(ours.tree, ours.list, options);
  const [requests, differences]: [ExchangeRequest[], Difference[]] = [[], []];
  for (let effects = exchange.start(); ; ) {
    let request: ExchangeRequest | undefined;
    for (const effect of effects) {
      if (effect.type === 'done') return { outcome: effect.outcome, requests, differences };
      if (effect.type === 'request') request = effect.request;
      else {
        differences.push(...effect.differences);
        each(effect.differences);
      }
    }
    if (request === undefined) throw new Error('the exchange neither asks nor ends');
    requests.push(request);
    effects = exchange.receive(respond(request, theirs.tree, theirs.list));
  }
}

/** Gives each side what it lacks. */
export function repair(ours: TestReplica, theirs: TestReplica): (differences: readonly Difference[]) => void {
  return (differences) => {
    for (const difference of differences) {
      const key = textOf(difference.key);
      if (difference.ours !== undefined) theirs.put(key, textOf(difference.ours));
      if (difference.theirs !== undefined) ours.put(key, textOf(difference.theirs));
    }
  };
}
