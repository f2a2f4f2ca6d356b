/** What two ends that said hello to each other will speak. Both reach the same answer without another message. */
import { WireError } from './errors.ts';
import type { Hello } from './messages/hello.ts';

/** Protocol versions that this package speaks, both ends included. */
export const lowestProtocol = 1;
export const highestProtocol = 1;

/** What of a hello is negotiated. */
export type Offer = Pick<Hello, 'lowestProtocol' | 'highestProtocol' | 'features' | 'codecs'>;

export interface Agreement {
  /** The highest version that both speak. */
  readonly protocol: number;
  /** Bits that both set. */
  readonly features: number;
  /** Value codecs that both named, ascending. */
  readonly codecs: readonly number[];
}

/** @throws WireError UNSUPPORTED_VERSION, naming both ranges, where no protocol version is in both */
export function negotiate(mine: Offer, theirs: Offer): Agreement {
  const protocol = Math.min(mine.highestProtocol, theirs.highestProtocol);
  if (protocol < Math.max(mine.lowestProtocol, theirs.lowestProtocol)) {
    throw new WireError(
      'UNSUPPORTED_VERSION',
      `needed a protocol version that both speak: ${range(mine)} here, got ${range(theirs)} there`,
    );
  }
  return {
    protocol,
    features: (mine.features & theirs.features) >>> 0,
    codecs: [...new Set(mine.codecs)].filter((codec) => theirs.codecs.includes(codec)).sort((a, b) => a - b),
  };
}

function range(offer: Offer): string {
  return `${offer.lowestProtocol} to ${offer.highestProtocol}`;
}
