/** Who a client is, as it says on every connection. */
import { anyClusterId, type Hello, highestProtocol, lowestProtocol } from '@kv/wire';

/** @param id 32 hexadecimal digits */
export function helloOf(id: string): Hello {
  return {
    type: 'hello',
    lowestProtocol,
    highestProtocol,
    features: 0,
    codecs: [],
    clusterId: anyClusterId,
    nodeId: uuidOf(id),
    role: 'client',
    generation: 0,
    authentication: new Uint8Array(0),
  };
}

export function uuidOf(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
