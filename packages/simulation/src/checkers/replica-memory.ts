/**
 * A replica never forgets: whatever version of a key it has told anyone that it holds, or a receipt told of it, it says
 * later that it holds that one or a newer one, through every crash, as long as its disk lives. Checked while the simulation runs.
 */
import { compareVersions, type Version } from '@kv/quorum';
import { shortVersion, type Violation } from '../history.ts';

/** What a replica told another member about a key. */
export interface ReplicaClaim {
  readonly replica: string;
  readonly key: string;
  /** `undefined`: it said that it holds nothing. */
  readonly version: Version | undefined;
  /** Virtual milliseconds. */
  readonly at: number;
}

export class ReplicaMemory {
  readonly #highest = new Map<string, { version: Version; at: number }>();
  readonly #violations: Violation[] = [];
  readonly #mayBeForgotten: (key: string, version: Version) => boolean;

  /** @param mayBeForgotten whether it, or what may have replaced it, is a deletion of which nothing need be left in the end */
  constructor(mayBeForgotten: (key: string, version: Version) => boolean = () => false) {
    this.#mayBeForgotten = mayBeForgotten;
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** Somebody else was told that the replica holds the version, or something newer: then it does from now on. */
  reported({ replica, key, version, at }: ReplicaClaim): void {
    const before = this.#highest.get(`${replica} ${key}`)?.version;
    if (version !== undefined && (before === undefined || compareVersions(version, before) > 0)) {
      this.#highest.set(`${replica} ${key}`, { version, at });
    }
  }

  claim({ replica, key, version, at }: ReplicaClaim): void {
    const before = this.#highest.get(`${replica} ${key}`);
    if (before !== undefined && version === undefined && this.#mayBeForgotten(key, before.version)) {
      this.#highest.delete(`${replica} ${key}`);
      return;
    }
    if (before !== undefined && (version === undefined || compareVersions(version, before.version) < 0)) {
      const now = version === undefined ? 'nothing' : shortVersion(version);
      const then = `${shortVersion(before.version)} at ${before.at.toFixed(1)}`;
      this.#violations.push({
        check: 'replica-memory',
        key,
        operations: [],
        message: `${replica} holds ${now} at ${at.toFixed(1)}, but held ${then}`,
      });
    } else if (version !== undefined) {
      this.#highest.set(`${replica} ${key}`, { version, at });
    }
  }
}
