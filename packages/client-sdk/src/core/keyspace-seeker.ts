/**
 * Asks for a keyspace that is not known here: it may have been made since the topology was fetched. Any one node may have missed
 * that; a majority of the voters has not.
 */
import { majority } from '@kv/quorum';
import { type Call, within } from './call.ts';
import { closedError, KvError } from './errors.ts';
import type { ClientPorts } from './ports.ts';
import type { TopologyView } from './topology-view.ts';

export interface KeyspaceSeekerDependencies {
  readonly ports: Pick<ClientPorts, 'clock' | 'timers'>;
  /** As it is known at the moment. */
  readonly topology: () => Pick<TopologyView, 'voters' | 'hasKeyspace'>;
  /** Addresses that the client was given: they may be all that it can reach. */
  readonly seeds: readonly string[];
  readonly isClosed: () => boolean;
  /** Learns the topology from a node; answers why that could not be, or undefined. */
  readonly fetchTopology: (address: string) => Promise<string | undefined>;
}

export class KeyspaceSeeker {
  readonly #dependencies: KeyspaceSeekerDependencies;
  /** By name, those that are being asked for. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(dependencies: KeyspaceSeekerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves once it is known, or a majority of the voters told what they know.
   * @throws KvError TOO_FEW_VOTERS, CLOSED, and as the time of the call ends
   */
  seek(keyspace: string, call: Call): Promise<void> {
    const question = `whether there is a keyspace ${JSON.stringify(keyspace)}`;
    return within(call, this.#dependencies.ports, { waited: this.#askOnce(keyspace), question });
  }

  #askOnce(keyspace: string): Promise<void> {
    const underWay = this.#underWay.get(keyspace);
    if (underWay !== undefined) return underWay;
    const sought = this.#ask(keyspace).finally(() => this.#underWay.delete(keyspace));
    this.#underWay.set(keyspace, sought);
    return sought;
  }

  #ask(keyspace: string): Promise<void> {
    const { topology, seeds, isClosed, fetchTopology } = this.#dependencies;
    const { voters } = topology();
    const needed = majority(voters.length);
    const addresses = new Set([...voters, ...seeds]);
    const failures: string[] = [];
    let told = 0;
    let left = addresses.size;
    return new Promise((resolve, reject) => {
      const heard = (address: string, failure: string | undefined): void => {
        left -= 1;
        if (failure !== undefined) failures.push(`${address} (${failure})`);
        else if (voters.includes(address)) told += 1;
        if (told >= needed || topology().hasKeyspace(keyspace)) return resolve();
        if (left > 0) return;
        if (isClosed()) return reject(closedError());
        const text = `keyspace ${JSON.stringify(keyspace)} is not known here; needed ${needed} of ${voters.length} voters, got ${told}`;
        reject(new KvError('TOO_FEW_VOTERS', `${text}: no word from ${failures.join(', ')}`));
      };
      for (const address of addresses) void fetchTopology(address).then((failure) => heard(address, failure));
    });
  }
}
