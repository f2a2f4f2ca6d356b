/**
 * What a store was given and what it answered, hence what must be in it. A write that was acknowledged is there; one that
 * was refused for want of space is not; of those that a failure left unanswered, any number of the first may be there,
 * each whole.
 */

import type { BatchOperation, StorageEngine } from '../../core/index.ts';
import { carryOut } from '../../testing/carry-out.ts';
import { codeOf, contentsOf, sameContents } from '../../testing/store.ts';

type Write = readonly BatchOperation[];

export class Ledger {
  #acknowledged: Map<string, string>;
  #unanswered: Write[] = [];

  constructor(contents: ReadonlyMap<string, string> = new Map()) {
    this.#acknowledged = new Map(contents);
  }

  /** Writes, and enters the outcome; the code of what it fails with. */
  async write(engine: StorageEngine, write: Write): Promise<unknown> {
    const code = await codeOf(() => engine.batch(write));
    if (code === undefined) for (const operation of write) carryOut(operation, this.#acknowledged);
    else if (code === 'POISONED') this.#unanswered.push(write);
    else if (code !== 'DISK_FULL') throw new Error('a write failed in a way of its own', { cause: code });
    return code;
  }

  /** Throws unless readers see what was acknowledged, and nothing else. */
  assertRead(engine: StorageEngine): void {
    const seen = contentsOf(engine);
    if (!sameContents(seen, this.#acknowledged)) throw new Error(`read: ${difference(seen, this.#acknowledged)}`);
  }

  /** Throws unless an engine that was opened afterwards holds what it must; from then on that is what counts. */
  assertFound(engine: StorageEngine): void {
    const found = contentsOf(engine);
    const wanted = new Map(this.#acknowledged);
    const differences = [difference(found, wanted)];
    for (const write of this.#unanswered) {
      if (sameContents(found, wanted)) break;
      for (const operation of write) carryOut(operation, wanted);
      differences.push(difference(found, wanted));
    }
    if (!sameContents(found, wanted)) throw new Error(`found: ${differences.at(-1)}`);
  }

  /** What was found stands. */
  settle(engine: StorageEngine): void {
    this.assertFound(engine);
    this.#acknowledged = contentsOf(engine);
    this.#unanswered = [];
  }
}

function difference(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string {
  const keys = [...new Set([...found.keys(), ...wanted.keys()])].filter((key) => found.get(key) !== wanted.get(key));
  return keys.map((key) => `${key} ${brief(found.get(key))} for ${brief(wanted.get(key))}`).join(', ');
}

function brief(value: string | undefined): string {
  return value === undefined ? 'nothing' : `${value.slice(0, 8)}…${value.length}`;
}
