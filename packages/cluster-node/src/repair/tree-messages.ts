/** Between the messages of an exchange and those of the wire: the same fields, with the partition and watermark beside them. */
import type { ExchangeRequest, ExchangeResponse } from '@kv/anti-entropy';
import type { Stamp } from '@kv/quorum';
import type { Message, TreeCompare, TreeList } from '@kv/wire';

export interface Beside {
  readonly partition: number;
  /** The sender's purge watermark of the range. */
  readonly watermark: Stamp;
}

export function toMessage(request: ExchangeRequest, { partition, watermark }: Beside): TreeCompare | TreeList {
  if (request.type === 'compare') return { ...request, type: 'tree-compare', partition, watermark };
  const { level, nodes, limit } = request;
  return { type: 'tree-list', partition, level, nodes, limit, ...bounds(request) };
}

export function toRequest(message: TreeCompare | TreeList): ExchangeRequest {
  if (message.type === 'tree-compare') {
    const { level, nodes, hashes } = message;
    return { type: 'compare', level, nodes, hashes };
  }
  const { level, nodes, limit, after, through } = message;
  return { type: 'list', level, nodes, after, through, limit };
}

export function toReply(response: ExchangeResponse, watermark: Stamp): Message {
  if (response.type === 'compared') return { ...response, type: 'tree-compare-reply', watermark };
  const { entries, through } = response;
  return { type: 'tree-list-reply', entries, ...(through !== undefined && { through }) };
}

/** `undefined` for a message that is no reply of an exchange. */
export function toResponse(message: Message): ExchangeResponse | undefined {
  if (message.type === 'tree-compare-reply') {
    const { levels, differing } = message;
    return { type: 'compared', levels, differing };
  }
  if (message.type === 'tree-list-reply') {
    return { type: 'listed', entries: message.entries, through: message.through };
  }
  return undefined;
}

function bounds({ after, through }: { after: Uint8Array | undefined; through: Uint8Array | undefined }): {
  after?: Uint8Array;
  through?: Uint8Array;
} {
  return { ...(after !== undefined && { after }), ...(through !== undefined && { through }) };
}
