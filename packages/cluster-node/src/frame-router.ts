/** Hands each frame of another member to the part of this one that it is for. */
import type { HybridLogicalClock } from '@kv/quorum';
import { decodeFrame, type Frame, type Message, WireError } from '@kv/wire';
import type { SiblingServer } from './coordinator/siblings/sibling-server.ts';
import type { Counters } from './counters.ts';
import type { HintedHandoff } from './hints/hinted-handoff.ts';
import type { Membership } from './membership/membership.ts';
import { busy, type PeerRequests } from './peer-requests.ts';
import type { PurgeServer } from './purge/purge-server.ts';
import type { RecurringFaults } from './recurring-faults.ts';
import type { TreeServer } from './repair/tree-server.ts';
import type { ReplicaServer } from './replica/replica-server.ts';
import type { ScanServer } from './scan/scan-server.ts';
import type { TopologyService } from './topology/topology-service.ts';

export interface FrameRouterDependencies {
  readonly membership: Membership;
  readonly topology: TopologyService;
  readonly peers: PeerRequests;
  readonly replicaServer: ReplicaServer;
  readonly siblingServer: SiblingServer;
  readonly treeServer: TreeServer;
  readonly scanServer: ScanServer;
  readonly purgeServer: PurgeServer;
  readonly handoff: HintedHandoff;
  readonly counters: Counters;
  readonly hlc: HybridLogicalClock;
  readonly faults: RecurringFaults;
}

export class FrameRouter {
  readonly #dependencies: FrameRouterDependencies;

  constructor(dependencies: FrameRouterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes in a complete frame. One that is malformed or not expected changes nothing. */
  receive(from: string, bytes: Uint8Array): void {
    const { counters, faults, hlc } = this.#dependencies;
    counters.framesReceived += 1;
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      counters.framesRefused += 1;
      faults.met('frame-refused', { from, code: error.code }, { reason: error.message });
      return;
    }
    hlc.merge(frame.header.stamp);
    this.#route(from, frame);
  }

  #route(from: string, frame: Frame): void {
    const { membership, topology, peers, counters } = this.#dependencies;
    const { header, message } = frame;
    const reply = (answer: Message): void => {
      const told = isLarge(answer) && peers.isFull(from) ? tooMuchWaits : answer;
      peers.tell(from, told, { operationId: header.operationId });
    };
    // What tells of an epoch needs not be asked for it.
    if (message.type !== 'topology-adopt') topology.follower.heard(from, header.epoch);
    switch (message.type) {
      case 'gossip-syn':
      case 'gossip-ack':
      case 'gossip-ack2':
        membership.receive(from, message, header.operationId);
        return;
      case 'topology-request':
      case 'topology-prepare':
      case 'topology-accept':
      case 'topology-adopt':
        topology.serve(frame, reply);
        return;
      case 'topology':
        if (!peers.answer(from, header.operationId, message)) topology.store.adopt(message);
        return;
      case 'replica-write-reply':
      case 'replica-read-reply':
      case 'tree-compare-reply':
      case 'tree-list-reply':
      case 'topology-reply':
      case 'topology-adopted':
      case 'replica-scan-reply':
      case 'prepare-reply':
      case 'accept-reply':
      case 'register-query-reply':
      case 'sibling-write-reply':
      case 'purge-reply':
      case 'error':
        peers.answer(from, header.operationId, message);
        return;
      default:
        this.#serve(frame, reply, () => (counters.framesRefused += 1));
    }
  }

  /** What was planned with an epoch that is not known here waits for it; if it does not come, the fence refuses it. */
  #serve(frame: Frame, reply: (message: Message) => void, refuse: () => void): void {
    const server = this.#serverOf(frame.message);
    if (server === undefined) return refuse();
    const serve = (): void => server.serve(frame, reply);
    this.#dependencies.topology.follower.hold(frame.header.epoch, serve, serve);
  }

  #serverOf({ type }: Message): { serve(frame: Frame, reply: (message: Message) => void): void } | undefined {
    const { replicaServer, siblingServer, treeServer, scanServer, purgeServer, handoff } = this.#dependencies;
    switch (type) {
      case 'replica-write':
      case 'repair-write':
      case 'replica-read':
      case 'prepare':
      case 'accept':
      case 'register-query':
        return replicaServer;
      case 'sibling-write':
        return siblingServer;
      case 'tree-compare':
      case 'tree-list':
        return treeServer;
      case 'replica-scan':
        return scanServer;
      case 'purge-hints':
      case 'purge-seal':
      case 'purge-raise':
      case 'purge-wanted':
        return purgeServer;
      case 'hint-write':
      case 'hint-read':
      case 'range-dirty':
        return handoff;
      default:
        return undefined;
    }
  }
}

/** Carries values, to who asked for nothing but them: left untold it is as if nothing had been asked. */
function isLarge({ type }: Message): boolean {
  return type === 'replica-read-reply' || type === 'replica-scan-reply' || type === 'register-query-reply';
}

const tooMuchWaits: Message = {
  type: 'error',
  code: busy,
  message: 'too much waits to be sent to this member already',
};
