/**
 * Thrown, and not a failure: a lookup that may only look into memory met something that is not there. Whoever allowed
 * the lookup to end so catches it, awaits `load` and tries again. It is no `Error`, since that would record a stack
 * that nobody reads, at a cost above that of the lookup.
 */

export class CacheMiss {
  /** Brings what was missing into the cache; rejects as reading it does. */
  readonly load: () => Promise<void>;

  constructor(load: () => Promise<void>) {
    this.load = load;
  }
}
