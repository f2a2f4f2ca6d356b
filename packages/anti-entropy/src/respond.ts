/** The answering side of an exchange: a function of the request, the tree and the entries as they are now. */
import type { ListEntries } from './entry-source.ts';
import { AntiEntropyError } from './errors.ts';
import { hashBytes, type HashTree, keysBelow, nodesOf } from './hash-tree.ts';
import { type ExchangeRequest, type ExchangeResponse, exchangeLimits } from './messages.ts';

/**
 * A level that the tree does not have is answered with `levels` and no differences; the asker then asks higher up.
 * @throws AntiEntropyError INVALID_REQUEST for what no well-behaved peer asks
 */
export function respond(request: ExchangeRequest, tree: HashTree, list: ListEntries): ExchangeResponse {
  checkNodes(request, tree.levels);
  if (request.type === 'compare') {
    const { level, nodes, hashes } = request;
    const expected = nodes.length * hashBytes;
    if (hashes.length !== expected) throw invalid(`${expected} bytes of hashes were needed, got ${hashes.length}`);
    const differing = level > tree.levels ? [] : tree.differing(level, nodes, hashes);
    return { type: 'compared', levels: tree.levels, differing };
  }
  const { level, nodes, after, through, limit } = request;
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= exchangeLimits.entries)) {
    throw invalid(`a limit of 1 to ${exchangeLimits.entries} entries was needed, got ${limit}`);
  }
  const listing = list({ includes: keysBelow(level, nodes), after, through, limit });
  return { type: 'listed', ...listing };
}

function checkNodes({ level, nodes, type }: ExchangeRequest, levels: number): void {
  const most = type === 'compare' ? Number.POSITIVE_INFINITY : levels;
  if (!(Number.isInteger(level) && level >= 1 && level <= Math.min(most, 5))) {
    throw invalid(`a level of 1 to ${Math.min(most, 5)} was needed, got ${level}`);
  }
  if (nodes.length < 1 || nodes.length > exchangeLimits.nodes) {
    throw invalid(`1 to ${exchangeLimits.nodes} nodes were needed, got ${nodes.length}`);
  }
  let last = -1;
  for (const node of nodes) {
    if (!(Number.isInteger(node) && node > last && node < nodesOf(level))) {
      throw invalid(`nodes below ${nodesOf(level)} in ascending order were needed, got ${node} behind ${last}`);
    }
    last = node;
  }
}

function invalid(message: string): AntiEntropyError {
  return new AntiEntropyError('INVALID_REQUEST', message);
}
