/**
 * Finds where two copies of a set of versioned keys differ, by hash trees and an exchange whose cost is in proportion to
 * the differences, and decides when to look.
 *
 * ```ts
 * const exchange = new Exchange(tree, listEntries);
 * for (const effect of exchange.start()) carryOut(effect);
 * for (const effect of exchange.receive(respond(request, theirTree, theirEntries))) carryOut(effect);
 * ```
 *
 * @packageDocumentation
 */
export {
  compareKeys,
  type Entry,
  type ListEntries,
  type Listing,
  listFrom,
  type ListingLimits,
  type Query,
} from './entry-source.ts';
export { AntiEntropyError, type AntiEntropyErrorCode } from './errors.ts';
export {
  type Difference,
  Exchange,
  type ExchangeEffect,
  type ExchangeOptions,
  type ExchangeOutcome,
} from './exchange.ts';
export { HashTree, type HashTreeOptions } from './hash-tree.ts';
export {
  type CompareRequest,
  type CompareResponse,
  exchangeLimits,
  type ExchangeRequest,
  type ExchangeResponse,
  type ListRequest,
  type ListResponse,
} from './messages.ts';
export {
  type Pairing,
  type Random,
  type RepairDebt,
  RepairSchedule,
  type RepairScheduleOptions,
} from './repair-schedule.ts';
export { respond } from './respond.ts';
