/**
 * The bounds of a gossip message, fixed for the protocol and not an option: a member with a lower bound would refuse the
 * honest messages of one with a higher. Codecs check the same numbers before they allocate.
 */
export const gossipLimits = {
  /** Bytes of UTF-8 in a member id or a cluster id. */
  idBytes: 64,
  /** Bytes of UTF-8 in an address. */
  addressBytes: 255,
  /** Digests in one message; a larger table is shown in random parts. */
  digests: 256,
  /** States in one message. */
  states: 256,
  /** Suspected members named in one message. */
  suspects: 64,
  /** Forgotten members remembered; beyond it the oldest is dropped. */
  tombstones: 4096,
  /** How far a heartbeat may rise at once: 136 years of one a second, so only damage or malice exceeds it. */
  heartbeatJump: 4_294_967_296,
} as const;
