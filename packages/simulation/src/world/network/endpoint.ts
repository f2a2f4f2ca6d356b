/** Where frames arrive: an address as one incarnation of a machine holds it. */
import type { Incarnation } from '../incarnation.ts';

export interface EndpointHandlers {
  /** The bytes are the receiver's own. */
  receive(from: string, bytes: Uint8Array): void;
  /** The link to `peer` broke or could not be made: what was sent and not answered may or may not have arrived. */
  linkLost?(peer: string): void;
}

export class Endpoint {
  readonly address: string;
  readonly incarnation: Incarnation;
  readonly handlers: EndpointHandlers;
  closed = false;

  constructor(address: string, incarnation: Incarnation, handlers: EndpointHandlers) {
    this.address = address;
    this.incarnation = incarnation;
    this.handlers = handlers;
  }

  /** False once it was closed or its incarnation has died: nothing arrives here any more. */
  get listening(): boolean {
    return !this.closed && this.incarnation.alive;
  }
}
