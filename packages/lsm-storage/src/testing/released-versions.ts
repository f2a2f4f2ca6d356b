/**
 * Purge rules for tests, as a caller with two key ranges gives them: versions are single characters, the first of each
 * meta, and what is released stays so.
 */

import type { PurgeOptions, PurgeRule } from '../core/index.ts';
import { raw } from './model-store.ts';
import type { ModelEntry } from './model-store.ts';

/** Where the second range begins. */
const BORDER = 'b';

export class ReleasedVersions implements PurgeOptions {
  readonly versionAt: PurgeOptions['versionAt'] = { offset: 0, length: 1 };
  /** Up to which version tombstones may go, in each range; '': none may. */
  readonly #upTo: [string, string] = ['', ''];

  /** Of the first or the second range. */
  release(range: 0 | 1, upTo: string): void {
    if (upTo > this.#upTo[range]) this.#upTo[range] = upTo;
  }

  rules(): readonly PurgeRule[] {
    const ranges = [
      { from: raw(''), to: raw(BORDER), upTo: raw(this.#upTo[0]) },
      { from: raw(BORDER), to: undefined, upTo: raw(this.#upTo[1]) },
    ];
    return ranges.filter(({ upTo }) => upTo.length > 0);
  }

  /** Whether nobody needs to find this tombstone any more. */
  mayBeGone(key: string, { meta, value }: ModelEntry): boolean {
    const upTo = this.#upTo[key < BORDER ? 0 : 1];
    return value === undefined && meta.length > 0 && meta.slice(0, 1) <= upTo;
  }
}
