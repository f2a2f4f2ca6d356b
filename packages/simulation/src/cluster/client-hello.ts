/** What a client says first to each node. */
import { anyClusterId, type Hello, highestProtocol, lowestProtocol } from '@kv/wire';
import type { SeededRandom } from '../world/seeded-random.ts';
import { drawUuid } from './draw-uuid.ts';

export function clientHello(random: SeededRandom): Hello {
  return {
    type: 'hello',
    lowestProtocol,
    highestProtocol,
    features: 0,
    codecs: [],
    clusterId: anyClusterId,
    nodeId: drawUuid(random),
    role: 'client',
    generation: 1,
    authentication: new Uint8Array(0),
  };
}
