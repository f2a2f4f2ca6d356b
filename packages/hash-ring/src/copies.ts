/** How many copies a partition has: over all servers, or counted in each data centre. */
import { RingError } from './errors.ts';

/**
 * A number N: N copies, wherever the servers are. A record: that many copies in each data centre named, e.g.
 * `{ dc1: 3, dc2: 2 }`; servers of other data centres, or of none, hold no copy.
 */
export type Copies = number | Readonly<Record<string, number>>;

/** A zone is a set of servers in which copies are counted together; `undefined` is the one zone of plain N. */
export interface ZoneCount {
  readonly dataCentre: string | undefined;
  readonly copies: number;
}

/** The counts in an order of their own, so that the order of the record's keys means nothing. */
export function zoneCounts(copies: Copies): readonly ZoneCount[] {
  if (typeof copies === 'number') return [{ dataCentre: undefined, copies: checked(copies, 'copies') }];
  const zones = Object.keys(copies)
    .sort()
    .map((name) => ({ dataCentre: name, copies: checked(copies[name], `copies in '${name}'`) }));
  if (zones.length === 0) throw new RingError('INVALID_COPIES', 'copies need at least one data centre, got none');
  return zones;
}

/** The same for equal counts. */
export function copiesKey(copies: Copies): string {
  return JSON.stringify(zoneCounts(copies).map((zone) => [zone.dataCentre ?? null, zone.copies]));
}

function checked(count: number | undefined, what: string): number {
  if (count === undefined || !Number.isInteger(count) || count < 1 || count > 255) {
    throw new RingError('INVALID_COPIES', `${what} must be an integer from 1 to 255, got ${String(count)}`);
  }
  return count;
}
