/**
 * The asking side of an exchange: finds where another node's set differs from this one's (Dynamo §4.7). It walks both
 * trees from the top, going on only where hashes differ, and then compares what both have below the leaves it came to,
 * page by page in key order.
 *
 * A plain synchronous object: send each `request` to the peer and hand its response to `receive`. Whoever is told of
 * `different` entries decides what to do about them, which is to send the newer version to who lacks it, and hands in the
 * next response only when it has done so: that is all the back-pressure there is. Writes may go on at both ends
 * meanwhile; what is on its way may then be among the differences, and is repaired once more than it needed.
 */
import { compareKeys, type Entry, type ListEntries, type Listing } from './entry-source.ts';
import { AntiEntropyError } from './errors.ts';
import { fanOut, type HashTree, keysBelow } from './hash-tree.ts';
import {
  type CompareResponse,
  exchangeLimits,
  type ExchangeRequest,
  type ExchangeResponse,
  type ListResponse,
} from './messages.ts';

/** A key whose versions differ; `undefined`: that side does not have it. */
export interface Difference {
  readonly key: Uint8Array;
  readonly ours: Uint8Array | undefined;
  readonly theirs: Uint8Array | undefined;
}

/**
 * - `equal`: the trees were the same.
 * - `compared`: they were not, and every difference was told.
 * - `refused`: the peer's response does not answer what it was asked; nothing is known of what was not compared yet.
 */
export type ExchangeOutcome = 'equal' | 'compared' | 'refused';

export type ExchangeEffect =
  | { readonly type: 'request'; readonly request: ExchangeRequest }
  | { readonly type: 'different'; readonly differences: readonly Difference[] }
  | { readonly type: 'done'; readonly outcome: ExchangeOutcome };

export interface ExchangeOptions {
  /** Nodes in one request, 16 to 4096; default 512. */
  readonly nodesPerRequest?: number;
  /** Entries in one page, 1 to 1024; default 256. */
  readonly entriesPerPage?: number;
}

const childrenOfRoot = childrenOf([0]);

export class Exchange {
  readonly #tree: HashTree;
  readonly #list: ListEntries;
  readonly #nodesPerRequest: number;
  readonly #entriesPerPage: number;
  #level = 1;
  /** Nodes of this level that are yet to be compared; when listing, leaves yet to be listed. */
  #left: readonly number[] = childrenOfRoot;
  /** Nodes of this level that differ. */
  #differing: number[] = [];
  /** The response that is waited for is to this. */
  #asked: ExchangeRequest | undefined;
  /** Our own entries of the page that was asked for. */
  #page: Listing = { entries: [], through: undefined };
  #done = false;

  /** @throws AntiEntropyError INVALID_OPTION */
  constructor(tree: HashTree, list: ListEntries, options: ExchangeOptions = {}) {
    this.#tree = tree;
    this.#list = list;
    this.#nodesPerRequest = checked('nodesPerRequest', options.nodesPerRequest ?? 512, fanOut, exchangeLimits.nodes);
    this.#entriesPerPage = checked('entriesPerPage', options.entriesPerPage ?? 256, 1, exchangeLimits.entries);
  }

  get done(): boolean {
    return this.#done;
  }

  start(): ExchangeEffect[] {
    return this.#asked === undefined && !this.#done ? [this.#compare()] : [];
  }

  /** The peer's response to the last request. One that nobody asked for ends the exchange. */
  receive(response: ExchangeResponse): ExchangeEffect[] {
    const asked = this.#asked;
    if (this.#done || asked === undefined) return [];
    if (asked.type === 'compare' && response.type === 'compared' && isAnswerTo(asked.nodes, response)) {
      return this.#compared(response);
    }
    if (asked.type === 'list' && response.type === 'listed' && this.#isAnswer(asked.after, asked.through, response)) {
      return this.#listed(asked.nodes, response);
    }
    return [this.#end('refused')];
  }

  #compare(): ExchangeEffect {
    const nodes = this.#left.slice(0, this.#nodesPerRequest);
    this.#left = this.#left.slice(nodes.length);
    return this.#ask({ type: 'compare', level: this.#level, nodes, hashes: this.#tree.hashesOf(this.#level, nodes) });
  }

  #compared({ differing, levels }: CompareResponse): ExchangeEffect[] {
    // The peer's tree became shallower since: it compared nothing.
    if (levels < this.#level) return [this.#end('refused')];
    this.#differing.push(...differing);
    if (this.#left.length > 0) return [this.#compare()];
    if (this.#differing.length === 0) return [this.#end(this.#level === 1 ? 'equal' : 'compared')];
    const found = this.#differing;
    this.#differing = [];
    if (this.#level >= Math.min(this.#tree.levels, levels)) {
      this.#left = this.#fewEnough(found);
      return [this.#listPage(undefined)];
    }
    this.#level += 1;
    this.#left = childrenOf(found);
    return [this.#compare()];
  }

  /** Where so many leaves differ, what is above them is listed instead: nearly all of it is wanted. */
  #fewEnough(leaves: readonly number[]): readonly number[] {
    let nodes = leaves;
    while (nodes.length > exchangeLimits.nodes) {
      this.#level -= 1;
      nodes = [...new Set(nodes.map((node) => Math.floor(node / fanOut)))];
    }
    return nodes;
  }

  /** Asks for the next page of the leaves that are left, as far as our own page of them goes. */
  #listPage(after: Uint8Array | undefined): ExchangeEffect {
    const [level, nodes, limit] = [this.#level, this.#left, this.#entriesPerPage];
    this.#page = this.#list({ includes: keysBelow(level, nodes), after, through: undefined, limit });
    return this.#ask({ type: 'list', level, nodes, after, through: this.#page.through, limit });
  }

  /** Compares the two pages as far as both of them go. */
  #listed(nodes: readonly number[], theirs: ListResponse): ExchangeEffect[] {
    const through = theirs.through ?? this.#page.through;
    const ours = this.#page.entries.filter(({ key }) => through === undefined || compareKeys(key, through) <= 0);
    const differences = differencesOf(ours, theirs.entries);
    const told: ExchangeEffect[] = differences.length === 0 ? [] : [{ type: 'different', differences }];
    this.#left = nodes;
    return [...told, through === undefined ? this.#end('compared') : this.#listPage(through)];
  }

  /** Keys that were asked for, ascending, within the bounds; and a page that is cut short must come further than it began. */
  #isAnswer(after: Uint8Array | undefined, through: Uint8Array | undefined, response: ListResponse): boolean {
    const end = response.through ?? through;
    if (response.entries.length > this.#entriesPerPage) return false;
    if (response.through !== undefined) {
      if (after !== undefined && compareKeys(response.through, after) <= 0) return false;
      if (through !== undefined && compareKeys(response.through, through) > 0) return false;
    }
    const includes = keysBelow(this.#level, this.#left);
    let last = after;
    for (const { key } of response.entries) {
      if (last !== undefined && compareKeys(key, last) <= 0) return false;
      if (end !== undefined && compareKeys(key, end) > 0) return false;
      if (!includes(key)) return false;
      last = key;
    }
    return true;
  }

  #ask(request: ExchangeRequest): ExchangeEffect {
    this.#asked = request;
    return { type: 'request', request };
  }

  #end(outcome: ExchangeOutcome): ExchangeEffect {
    this.#done = true;
    return { type: 'done', outcome };
  }
}

/** The nodes of the level below, ascending. */
function childrenOf(nodes: readonly number[]): number[] {
  return nodes.flatMap((node) => Array.from({ length: fanOut }, (_, child) => node * fanOut + child));
}

/** Ascending, and some of those asked about. */
function isAnswerTo(nodes: readonly number[], { differing, levels }: CompareResponse): boolean {
  const known = new Set(nodes);
  const ascending = differing.every((node, i) => known.has(node) && (i === 0 || node > (differing[i - 1] as number)));
  return ascending && Number.isInteger(levels) && levels >= 1;
}

/** Both in key order. */
function differencesOf(ours: readonly Entry[], theirs: readonly Entry[]): Difference[] {
  const differences: Difference[] = [];
  for (let i = 0, j = 0; i < ours.length || j < theirs.length; ) {
    const [our, their] = [ours[i], theirs[j]];
    const order = our === undefined ? 1 : their === undefined ? -1 : compareKeys(our.key, their.key);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    const difference = {
      key: (order <= 0 ? our?.key : their?.key) as Uint8Array,
      ours: order <= 0 ? our?.version : undefined,
      theirs: order >= 0 ? their?.version : undefined,
    };
    if (!sameBytes(difference.ours, difference.theirs)) differences.push(difference);
  }
  return differences;
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && compareKeys(a, b) === 0;
}

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new AntiEntropyError('INVALID_OPTION', `${name} must be an integer from ${least} to ${most}, got ${value}`);
}
