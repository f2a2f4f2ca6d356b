/** The servers of a ring: who they are, how much they carry, and what fails together with them. */
import { RingError } from './errors.ts';

export interface Server {
  readonly id: string;
  /** Capacity relative to the others, > 0: a server of weight 2 gets twice the share of one of weight 1. */
  readonly weight: number;
  /**
   * What fails together; copies avoid sharing it. Names are read within the data centre. Without one, a rack of its
   * own.
   */
  readonly rack?: string;
  readonly dataCentre?: string;
}

/** Owner tables hold 16-bit server indices. */
const maxServers = 65_535;

/** A frozen copy in the order of ids, so that the order in which a caller lists the servers means nothing. */
export function orderedServers(servers: readonly Server[]): readonly Server[] {
  if (servers.length === 0) throw new RingError('NO_SERVERS', 'a ring needs at least one server, got none');
  if (servers.length > maxServers) {
    throw new RingError('INVALID_SERVER', `a ring has at most ${maxServers} servers, got ${servers.length}`);
  }
  const ordered = servers.map(checked).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  ordered.forEach((server, i) => {
    if (i > 0 && ordered[i - 1]?.id === server.id) {
      throw new RingError('DUPLICATE_SERVER', `server ids must differ, got '${server.id}' twice`);
    }
  });
  return Object.freeze(ordered);
}

function checked(server: Server): Server {
  if (typeof server.id !== 'string' || server.id === '') {
    throw new RingError('INVALID_SERVER', `a server needs an id, got '${String(server.id)}'`);
  }
  if (!(Number.isFinite(server.weight) && server.weight > 0)) {
    throw new RingError('INVALID_SERVER', `weight of '${server.id}' must be a number > 0, got ${server.weight}`);
  }
  return Object.freeze({ ...server });
}
