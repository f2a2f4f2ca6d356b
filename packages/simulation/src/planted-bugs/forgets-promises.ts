/** An acceptor keeps its promises in memory alone: it answers before anything of them is written. */
import type { Strategies } from '@kv/cluster-node';
import type { Decide, StorageEngine } from '@kv/lsm-storage/core';
import { compareBallots } from '@kv/quorum';
import { decodeRegisterMeta } from '@kv/wire';
import type { PlantedBug } from './planted-bug.ts';

export const forgetsPromises: PlantedBug = {
  name: 'forgets-promises',
  wrong: 'answers a prepare in a strong keyspace without having stored the promise',
  within: 'strong',
  strategies: (defaults: Strategies) => ({
    ...defaults,
    acceptorStore: (dependencies, rules) =>
      defaults.acceptorStore({ ...dependencies, engine: forgetful(dependencies.engine) }, rules),
  }),
};

type AcceptorEngine = Pick<StorageEngine, 'apply' | 'getMeta' | 'getEntrySync'>;

/** An engine that writes what was accepted, and keeps the rest in mind until the process ends. */
function forgetful(engine: AcceptorEngine): AcceptorEngine {
  const promised = new Map<string, Uint8Array>();
  return {
    getMeta: (key) => {
      const meta = promised.get(key.join());
      const stored = engine.getMeta(key);
      return meta === undefined ? stored : { deadline: 0, tombstone: false, ...stored, meta };
    },
    getEntrySync: (key) => {
      const meta = promised.get(key.join());
      const stored = engine.getEntrySync(key);
      return meta === undefined ? stored : { deadline: 0, value: new Uint8Array(0), ...stored, meta };
    },
    apply: async (key, offered, decide) => {
      const name = key.join();
      const before = promised.get(name);
      let isAccept = false;
      const judge: Decide = (current, incoming, currentValue) => {
        const kept = promised.get(name);
        const decision = decide(kept && sameAccepted(current, kept) ? kept : current, incoming, currentValue);
        if (typeof decision === 'string') return decision;
        isAccept = !sameAccepted(current, decision.meta);
        if (isAccept) return decision;
        promised.set(name, decision.meta);
        return 'keep';
      };
      const applied = await engine.apply(key, offered, judge);
      if (isAccept && promised.get(name) === before) promised.delete(name);
      return applied;
    },
  };
}

function sameAccepted(current: Uint8Array | undefined, next: Uint8Array): boolean {
  const before = current === undefined ? undefined : decodeRegisterMeta(current).accepted;
  const { accepted } = decodeRegisterMeta(next);
  if (before === undefined || accepted === undefined) return before === accepted;
  return compareBallots(before, accepted) === 0;
}
