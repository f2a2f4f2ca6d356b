/** What two nodes say to each other in an exchange: each request has one response, and the responder remembers nothing. */
import type { Entry } from './entry-source.ts';

/** - `compare`: which of these nodes are different with you? - `list`: what do you have below these nodes? */
export type ExchangeRequest = CompareRequest | ListRequest;
export type ExchangeResponse = CompareResponse | ListResponse;

export interface CompareRequest {
  readonly type: 'compare';
  /** 1 to 5. */
  readonly level: number;
  /** Numbers of nodes of that level, ascending, at most {@link exchangeLimits.nodes}. */
  readonly nodes: readonly number[];
  /** Eight bytes for each node. */
  readonly hashes: Uint8Array;
}

export interface CompareResponse {
  readonly type: 'compared';
  /** Levels of the responder's tree: below them there is nothing to compare. */
  readonly levels: number;
  /** Those of the nodes asked about whose hashes are others there. */
  readonly differing: readonly number[];
}

export interface ListRequest {
  readonly type: 'list';
  readonly level: number;
  /** Ascending, at most {@link exchangeLimits.nodes}. */
  readonly nodes: readonly number[];
  readonly after: Uint8Array | undefined;
  readonly through: Uint8Array | undefined;
  /** 1 to {@link exchangeLimits.entries}. */
  readonly limit: number;
}

export interface ListResponse {
  readonly type: 'listed';
  readonly entries: readonly Entry[];
  /** See `Listing.through`. */
  readonly through: Uint8Array | undefined;
}

/** The most that a message may hold: what a decoder must refuse before it allocates. */
export const exchangeLimits: { readonly nodes: number; readonly entries: number } = { nodes: 4096, entries: 1024 };
