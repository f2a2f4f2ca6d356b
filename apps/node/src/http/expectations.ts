/**
 * `Expect: 100-continue` (RFC 9110 §10.1.1): a client that waits to be told to go on before it sends its body. It is told
 * so when that body is read, and not before: what is refused for its headers, or for want of room, is answered without
 * it. Nobody could tell then where the next request begins: Node ends the connection after such an answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Of a request whose client waits. */
export function holdBack(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (hasBody(incoming)) waiting.set(incoming, outgoing);
  else outgoing.writeContinue();
}

/** From here on the body is read. */
export function askForBody(incoming: IncomingMessage): void {
  waiting.get(incoming)?.writeContinue();
  waiting.delete(incoming);
}

/** Without one there is nothing to wait for, and nothing that an answer could leave unread. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
