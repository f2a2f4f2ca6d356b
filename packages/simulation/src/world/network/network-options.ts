/** How the links of a simulated network behave when nothing is wrong with them, and how they fail. */

/**
 * - `stream`: as TCP. Frames arrive in order and once; a lost frame breaks the connection and what is in flight on
 *   it, and both ends hear of that; a cut link holds its frames back until it is mended.
 * - `datagram`: as UDP. Each frame is lost, doubled or overtaken by itself and nobody is told; a frame may reach a
 *   later incarnation than the one that it was sent to.
 */
export type LinkMode = 'stream' | 'datagram';

export interface NetworkOptions {
  readonly mode: LinkMode;
  /** The least time from one machine to another, in milliseconds. */
  readonly latencyMs: number;
  /** Mean of the exponentially distributed time on top of it. */
  readonly jitterMs: number;
  /**
   * Whether a link that cannot be made, or breaks because its other end died, is reported to the end that is left.
   * Silence instead is what the power cut of a whole machine looks like.
   */
  readonly reportsDeadPeers: boolean;
  /** `stream`: a cut that lasts longer than this breaks the connection; infinite: it waits for the link for ever. */
  readonly cutToleranceMs: number;
}

export const defaultNetworkOptions: NetworkOptions = {
  mode: 'stream',
  latencyMs: 0.2,
  jitterMs: 0.3,
  reportsDeadPeers: true,
  cutToleranceMs: Infinity,
};

/** Faults that hit frames by chance. */
export interface NetworkNoise {
  /** Chance of a frame to be lost. */
  readonly loss: number;
  /** Chance of a frame to arrive a second time (`datagram`). */
  readonly duplication: number;
  /** Chance of a frame to be overtaken by later ones (`datagram`). */
  readonly reordering: number;
  /** Chance of a frame to be held up, and the mean of how long, in milliseconds. */
  readonly delay: number;
  readonly delayMs: number;
}

export const quietNetwork: NetworkNoise = { loss: 0, duplication: 0, reordering: 0, delay: 0, delayMs: 0 };
