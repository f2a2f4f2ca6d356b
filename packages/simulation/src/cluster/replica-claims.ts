/**
 * Listens to what replicas tell the coordinators that ask them. A reply does not name its key, so it is matched with the
 * request of the same operation id; where that id was used for two keys, as after a restart, the reply is left out.
 */
import { decodeFrame, type Message, versionOfMeta } from '@kv/wire';
import type { Version } from '@kv/quorum';
import type { ReplicaClaim } from '../checkers/replica-memory.ts';
import type { World } from '../world/world.ts';
import { unpackFrame } from './greeted-frame.ts';

/** Types of the messages between coordinators and replicas, and where a frame says its type (docs/formats/frame.md). */
const replicaTypes = { first: 20, last: 23 } as const;
const typeAt = 4;

const ambiguous = Symbol('more than one key');

export function listenToReplicas(world: World, nodes: readonly string[], heard: (claim: ReplicaClaim) => void): void {
  const addresses = new Set(nodes);
  const asked = new Map<string, string | typeof ambiguous>();
  world.network.onSend((from, to, packed) => {
    if (!addresses.has(from) || !addresses.has(to)) return;
    const { frame } = unpackFrame(packed);
    const type = frame[typeAt] ?? 0;
    if (type < replicaTypes.first || type > replicaTypes.last) return;
    const { header, message } = decodeFrame(frame);
    if (message.type === 'replica-write' || message.type === 'replica-read') {
      const id = `${from}>${to} ${header.operationId}`;
      const key = new TextDecoder().decode(message.key);
      const before = asked.get(id);
      asked.set(id, before === undefined || before === key ? key : ambiguous);
      return;
    }
    const key = asked.get(`${to}>${from} ${header.operationId}`);
    const claim = claimIn(message);
    if (claim !== undefined && typeof key === 'string') {
      heard({ replica: from, key, version: claim.version, at: world.now });
    }
  });
}

function claimIn(message: Message): { readonly version: Version | undefined } | undefined {
  if (message.type === 'replica-write-reply') return { version: message.version };
  if (message.type !== 'replica-read-reply') return undefined;
  return { version: message.found === 'absent' ? undefined : versionOfMeta(message.meta) };
}
