/**
 * Asks for a keyspace that is not known here, or not as it is now: it may have been made since the topology was
 * fetched. Any one node may have missed that; a majority of the voters has not.
 */
import { majority } from '@kv/quorum';
import { type Call, within } from './call.ts';
import { closedError, KvError } from './errors.ts';
import type { ClientPorts } from './ports.ts';
import type { TopologyView } from './topology-view.ts';

export interface KeyspaceSeekerDependencies {
  readonly ports: Pick<ClientPorts, 'clock' | 'timers'>;
  /** As it is known at the moment. */
  readonly topology: () => Pick<TopologyView, 'voters' | 'idOf'>;
  /** Addresses that the client was given: they may be all that it can reach. */
  readonly seeds: readonly string[];
  readonly isClosed: () => boolean;
  /** Learns the topology from a node; answers why that could not be, or undefined. */
  readonly fetchTopology: (address: string) => Promise<string | undefined>;
}

export class KeyspaceSeeker {
  readonly #dependencies: KeyspaceSeekerDependencies;
  /** Those that are being asked for, by name and by the id that is not theirs any more. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(dependencies: KeyspaceSeekerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves once it is known, or a majority of the voters told what they know.
   * @param gone the id by which it is known here, and nodes do not know it any more
   * @throws KvError TOO_FEW_VOTERS, CLOSED, and as the time of the call ends
   */
  seek(keyspace: string, call: Call, gone?: number): Promise<void> {
    const question = `whether there is a keyspace ${JSON.stringify(keyspace)}`;
    return within(call, this.#dependencies.ports, { waited: this.#askOnce(keyspace, gone), question });
  }

  #askOnce(keyspace: string, gone: number | undefined): Promise<void> {
    const sameQuestion = `${gone ?? ''} ${keyspace}`;
    const underWay = this.#underWay.get(sameQuestion);
    if (underWay !== undefined) return underWay;
    const sought = this.#ask(keyspace, gone).finally(() => this.#underWay.delete(sameQuestion));
    this.#underWay.set(sameQuestion, sought);
    return sought;
  }

  #ask(keyspace: string, gone: number | undefined): Promise<void> {
    const { topology, seeds, isClosed, fetchTopology } = this.#dependencies;
    const { voters } = topology();
    const needed = majority(voters.length);
    const addresses = new Set([...voters, ...seeds]);
    const failures: string[] = [];
    const isFound = (): boolean => ![undefined, gone].includes(topology().idOf(keyspace));
    let told = 0;
    let left = addresses.size;
    return new Promise((resolve, reject) => {
      const heard = (address: string, failure: string | undefined): void => {
        left -= 1;
        if (failure !== undefined) failures.push(`${address} (${failure})`);
        else if (voters.includes(address)) told += 1;
        if (told >= needed || isFound()) return resolve();
        if (left > 0) return;
        if (isClosed()) return reject(closedError());
        const where = gone === undefined ? 'here' : 'to the nodes any more as it is here';
        const text = `keyspace ${JSON.stringify(keyspace)} is not known ${where}`;
        const counted = `needed ${needed} of ${voters.length} voters, got ${told}`;
        reject(new KvError('TOO_FEW_VOTERS', `${text}; ${counted}: no word from ${failures.join(', ')}`));
      };
      for (const address of addresses) void fetchTopology(address).then((failure) => heard(address, failure));
    });
  }
}
