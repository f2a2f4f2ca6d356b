/**
 * Listens to every frame that a node sends, for what can be checked at once: what replicas tell the coordinators that
 * ask them, and whether a node's clock has heard of the versions that it names.
 *
 * A replica's reply does not name its key, so it is matched with the request of the same operation id; where that id
 * was used for two keys, as after a restart, the reply is left out.
 */
import { mayBeSpentLater } from '@kv/cluster-node';
import { type Ballot, compareBallots, type Receipt, type Version } from '@kv/quorum';
import { decodeFrame, type Frame, type Message, type RegisterValue, versionOfBytes, versionOfMeta } from '@kv/wire';
import type { StampedVersions } from '../checkers/clock-hears.ts';
import type { AcceptorClaim } from '../checkers/acceptor-memory.ts';
import type { ReplicaClaim } from '../checkers/replica-memory.ts';
import type { World } from '../world/world.ts';
import { unpackFrame } from './greeted-frame.ts';

export interface NodeListener {
  claimed(claim: ReplicaClaim): void;
  /** A receipt says that an owner holds something. */
  reported(claim: ReplicaClaim): void;
  promised(claim: AcceptorClaim): void;
  /** The version of the key is a deletion or has a time to live: in the end nothing need be left of it. */
  mortal(key: string, version: Version): void;
  stamped(versions: StampedVersions): void;
}

/** The first type of message that is about a key (docs/formats/frame.md), and where a frame says its type. */
const firstTypeAboutKeys = 20;
const typeAt = 4;
const versionBytes = 24;

const ambiguous = Symbol('more than one key');

/** What is to be known of a node: its id in receipts, and where it sends from. */
export interface ListenedNode {
  readonly id: string;
  readonly address: string;
}

export function listenToNodes(world: World, nodes: readonly ListenedNode[], listener: NodeListener): void {
  const addresses = new Set(nodes.map(({ address }) => address));
  const addressOf = new Map(nodes.map(({ id, address }) => [id, address]));
  const claims = new ClaimMatcher(listener, (id) => addressOf.get(id) ?? id);
  const promises = new PromiseMatcher(listener);
  world.network.onSend((from, to, packed) => {
    const { frame: bytes } = unpackFrame(packed);
    if ((bytes[typeAt] ?? 0) < firstTypeAboutKeys) return;
    const frame = decodeFrame(bytes);
    if (!addresses.has(from)) {
      claims.hear(from, to, frame, world.now);
      return;
    }
    listener.stamped({ node: from, at: world.now, stamp: frame.header.stamp, versions: versionsIn(frame.message) });
    claims.hear(from, to, frame, world.now);
    if (addresses.has(to)) promises.hear(from, to, frame, world.now);
  });
}

class ClaimMatcher {
  readonly #listener: NodeListener;
  readonly #addressOf: (id: string) => string;
  readonly #asked = new Map<string, string | typeof ambiguous>();
  /** Requests of clients for a deletion, or for a value with a time to live. */
  readonly #mortal = new Set<string>();
  /** Likewise for a deletion of siblings, with its key. */
  readonly #deletions = new Map<string, string>();

  constructor(listener: NodeListener, addressOf: (id: string) => string) {
    this.#listener = listener;
    this.#addressOf = addressOf;
  }

  hear(from: string, to: string, { header, message }: Frame, at: number): void {
    this.#hearDeletionOfSiblings(`${from}>${to} ${header.operationId}`, `${to}>${from} ${header.operationId}`, message);
    if (isAboutOneKey(message)) {
      const id = `${from}>${to} ${header.operationId}`;
      const key = new TextDecoder().decode(message.key);
      this.#hearMortal(id, key, message);
      const before = this.#asked.get(id);
      this.#asked.set(id, before === undefined || before === key ? key : ambiguous);
      return;
    }
    const asked = `${to}>${from} ${header.operationId}`;
    const key = this.#asked.get(asked);
    if (typeof key === 'string') this.#hearMortal(asked, key, message);
    if (message.type === 'write-reply' && typeof key === 'string') this.#report(key, message.receipt, at);
    const claim = claimIn(message);
    if (claim !== undefined && typeof key === 'string') {
      this.#listener.claimed({ replica: from, key, version: claim.version, at });
    }
  }

  #hearDeletionOfSiblings(id: string, asked: string, message: Message): void {
    const isRequest = message.type === 'put-sibling' || message.type === 'sibling-write';
    if (isRequest && message.content === undefined) this.#deletions.set(id, new TextDecoder().decode(message.key));
    const key = this.#deletions.get(asked);
    const isReply = message.type === 'write-reply' || message.type === 'sibling-write-reply';
    if (isReply && key !== undefined) this.#listener.mortal(key, message.version);
  }

  #hearMortal(id: string, key: string, message: Message): void {
    if (message.type === 'delete' || (message.type === 'put' && message.ttlMs !== undefined)) {
      this.#mortal.add(id);
      if (message.version !== undefined) this.#listener.mortal(key, message.version);
    } else if (message.type === 'write-reply' && this.#mortal.has(id)) this.#listener.mortal(key, message.version);
    else if ('meta' in message && message.meta !== undefined && mayBeSpentLater(message.meta)) {
      this.#listener.mortal(key, versionOfMeta(message.meta));
    }
  }

  #report(key: string, { replicas }: Receipt, at: number): void {
    for (const { replica, role, answer, version } of replicas) {
      if (role !== 'primary' || (answer !== 'applied' && answer !== 'superseded')) continue;
      this.#listener.reported({ replica: this.#addressOf(replica), key, version, at });
    }
  }
}

type AboutOneKey = Extract<Message, { type: 'replica-write' | 'repair-write' | 'replica-read' | 'put' | 'delete' }>;

function isAboutOneKey(message: Message): message is AboutOneKey {
  return ['replica-write', 'repair-write', 'replica-read', 'put', 'delete'].includes(message.type);
}

/** As {@link ClaimMatcher}, for acceptors. */
class PromiseMatcher {
  readonly #listener: NodeListener;
  readonly #asked = new Map<string, AcceptorRequest | typeof ambiguous>();

  constructor(listener: NodeListener) {
    this.#listener = listener;
  }

  hear(from: string, to: string, { header, message }: Frame, at: number): void {
    const request = acceptorRequestIn(message);
    if (request !== undefined) {
      const id = `${from}>${to} ${header.operationId}`;
      const before = this.#asked.get(id);
      this.#asked.set(id, before === undefined || sameRequest(before, request) ? request : ambiguous);
      return;
    }
    const asked = this.#asked.get(`${to}>${from} ${header.operationId}`);
    if (asked === undefined || asked === ambiguous) return;
    const promise = promiseIn(message, asked);
    if (promise !== undefined) this.#listener.promised({ acceptor: from, key: asked.key, ...promise, at });
  }
}

interface AcceptorRequest {
  readonly key: string;
  /** `undefined` of a query. */
  readonly ballot: Ballot | undefined;
}

function acceptorRequestIn(message: Message): AcceptorRequest | undefined {
  if (message.type !== 'prepare' && message.type !== 'accept' && message.type !== 'register-query') return undefined;
  const key = new TextDecoder().decode(message.key);
  return { key, ballot: message.type === 'register-query' ? undefined : message.ballot };
}

function sameRequest(a: AcceptorRequest | typeof ambiguous, b: AcceptorRequest): boolean {
  if (a === ambiguous || a.key !== b.key) return false;
  if (a.ballot === undefined || b.ballot === undefined) return a.ballot === b.ballot;
  return compareBallots(a.ballot, b.ballot) === 0;
}

function promiseIn(message: Message, { ballot }: AcceptorRequest): Pick<AcceptorClaim, 'what' | 'ballot'> | undefined {
  if (message.type === 'register-query-reply') return { what: 'told', ballot: message.promised };
  if (message.type === 'prepare-reply' || message.type === 'accept-reply') {
    if (message.outcome === 'outbid') return { what: 'told', ballot: message.promised };
    return { what: message.outcome, ballot };
  }
  return undefined;
}

function claimIn(message: Message): { readonly version: Version | undefined } | undefined {
  if (message.type === 'replica-write-reply') return { version: message.version };
  if (message.type !== 'replica-read-reply') return undefined;
  return { version: message.found === 'absent' ? undefined : versionOfMeta(message.meta) };
}

/** Every version that a message names. */
function versionsIn(message: Message): Version[] {
  switch (message.type) {
    case 'replica-write':
    case 'repair-write':
    case 'hint-write':
      return [versionOfMeta(message.meta)];
    case 'replica-write-reply':
      return [message.version];
    case 'replica-read-reply':
      return message.found === 'absent' ? [] : [versionOfMeta(message.meta)];
    case 'tree-list-reply':
      // Of strong keyspaces trees count ballots.
      return message.entries.flatMap(({ version }) => (version.length === versionBytes ? versionOfBytes(version) : []));
    case 'prepare-reply':
      return message.outcome === 'promised' ? acceptedIn(message.accepted?.value) : [];
    case 'accept':
      return acceptedIn(message.value);
    case 'register-query-reply':
      return message.accepted === undefined ? [] : [message.accepted.version];
    case 'change-reply': {
      const named = message.outcome === 'applied' || message.outcome === 'conflict' ? message.version : undefined;
      return [...(named === undefined ? [] : [named]), ...versionsOf(message.receipt)];
    }
    case 'get-reply':
      return [...(message.meta === undefined ? [] : [versionOfMeta(message.meta)]), ...versionsOf(message.receipt)];
    case 'write-reply':
      return [
        message.version,
        ...(message.winner === undefined ? [] : [message.winner]),
        ...versionsOf(message.receipt),
      ];
    case 'sibling-write':
      return [message.version];
    case 'sibling-write-reply':
      return [message.version, ...versionsOf(message.receipt)];
    case 'siblings':
      return [...message.siblings.map(({ version }) => version), ...versionsOf(message.receipt)];
    case 'read-failed':
      return versionsOf(message.receipt);
    default:
      return [];
  }
}

function acceptedIn(value: RegisterValue | undefined): Version[] {
  return value === undefined ? [] : [versionOfMeta(value.meta)];
}

function versionsOf({ replicas }: Receipt): Version[] {
  return replicas.flatMap(({ version }) => version ?? []);
}
