/**
 * The topology at rest: what the voters agree on, and what a member remembers of it. A format that lasts:
 *
 *   u8 layout (1) · the fields of the message `topology`
 *
 * Drawn in docs/formats/topology.md.
 */
import { malformed, WireError } from './errors.ts';
import { struct } from './layout/composites.ts';
import { decode, encode } from './layout/layout.ts';
import { u8 } from './layout/scalars.ts';
import { type TopologyState, topologyState } from './messages/topology.ts';

const layoutVersion = 1;

const envelope = struct<{ readonly layout: number; readonly state: TopologyState }>({
  layout: u8,
  state: topologyState,
});

/** @throws WireError MALFORMED for a field that the format cannot hold */
export function encodeTopologyRecord(state: TopologyState): Uint8Array<ArrayBuffer> {
  return encode(envelope, { layout: layoutVersion, state });
}

/** @throws WireError UNSUPPORTED_VERSION for a later layout, MALFORMED */
export function decodeTopologyRecord(bytes: Uint8Array): TopologyState {
  const [layout] = bytes;
  if (layout === undefined) throw malformed('needed a topology, got no bytes');
  if (layout > layoutVersion) {
    throw new WireError('UNSUPPORTED_VERSION', `needed a topology of layout ${layoutVersion}, got layout ${layout}`);
  }
  return decode(envelope, bytes).state;
}
