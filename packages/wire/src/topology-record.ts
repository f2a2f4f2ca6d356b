/**
 * The topology at rest. Two formats that last, drawn in docs/formats/topology.md:
 *
 *   what a member remembers     u8 layout (1) · the fields of the message `topology`
 *   what a voter's acceptor is  u8 layout (1) · promised ballot? · accepted (ballot · topology)?
 */
import type { AcceptorState, Ballot } from '@kv/quorum';
import { malformed, WireError } from './errors.ts';
import { optional, struct } from './layout/composites.ts';
import { ballot } from './layout/fields.ts';
import { decode, encode, type Layout } from './layout/layout.ts';
import { u8 } from './layout/scalars.ts';
import { type TopologyState, topologyState } from './messages/topology.ts';

const layoutVersion = 1;

const topologyRecord = struct<{ readonly layout: number; readonly state: TopologyState }>({
  layout: u8,
  state: topologyState,
});

interface AcceptorRecord {
  readonly layout: number;
  readonly promised: Ballot | undefined;
  readonly accepted: { readonly ballot: Ballot; readonly value: TopologyState } | undefined;
}

const acceptorRecord = struct<AcceptorRecord>({
  layout: u8,
  promised: optional(ballot),
  accepted: optional(
    struct<{ readonly ballot: Ballot; readonly value: TopologyState }>({ ballot, value: topologyState }),
  ),
});

/** @throws WireError MALFORMED for a field that the format cannot hold */
export function encodeTopologyRecord(state: TopologyState): Uint8Array<ArrayBuffer> {
  return encode(topologyRecord, { layout: layoutVersion, state });
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodeTopologyRecord(bytes: Uint8Array): TopologyState {
  return decodeRecord(topologyRecord, bytes).state;
}

/** @throws WireError MALFORMED for a field that the format cannot hold */
export function encodeTopologyAcceptor({ promised, accepted }: AcceptorState<TopologyState>): Uint8Array<ArrayBuffer> {
  return encode(acceptorRecord, { layout: layoutVersion, promised, accepted });
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodeTopologyAcceptor(bytes: Uint8Array): AcceptorState<TopologyState> {
  const { promised, accepted } = decodeRecord(acceptorRecord, bytes);
  return { promised, accepted };
}

function decodeRecord<T>(layout: Layout<T>, bytes: Uint8Array): T {
  const [found] = bytes;
  if (found === undefined) throw malformed('needed a topology, got no bytes');
  if (found > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a topology of layout ${layoutVersion}, got layout ${found}`);
  }
  return decode(layout, bytes);
}
