/** What one node says of all members: `GET /v1/cluster/status`. */

export interface MemberStatus {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly state: 'alive' | 'suspect' | 'down';
  /** The part of the ring that the member owns, 0 to 1. */
  readonly share: number;
}

const states = ['alive', 'suspect', 'down'] as const;

/**
 * Asks a node; undefined when it does not answer within `patienceMs`, or with anything but a member list.
 * @param address `host:port`.
 */
export async function fetchStatus(address: string, patienceMs = 2_000): Promise<readonly MemberStatus[] | undefined> {
  try {
    const response = await fetch(`http://${address}/v1/cluster/status`, { signal: AbortSignal.timeout(patienceMs) });
    return response.ok ? parseStatus(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a status document; undefined when it is not one. */
export function parseStatus(document: unknown): readonly MemberStatus[] | undefined {
  const members = (document as { members?: unknown } | null)?.members;
  if (!Array.isArray(members)) return undefined;
  const parsed = members.map(parseMember);
  return parsed.every((member) => member !== undefined) ? parsed : undefined;
}

function parseMember(value: unknown): MemberStatus | undefined {
  const { id, name, address, state, share } = (value ?? {}) as Record<string, unknown>;
  const known = states.find((candidate) => candidate === state);
  if (typeof id !== 'string' || typeof name !== 'string' || typeof address !== 'string') return undefined;
  if (known === undefined || typeof share !== 'number') return undefined;
  return { id, name, address, state: known, share };
}

/**
 * Why the cluster is not whole yet: the first node that does not answer, or does not see a member alive.
 * Undefined when every node sees every member alive.
 */
export function findDoubt(
  members: readonly { readonly id: string; readonly name: string }[],
  statuses: ReadonlyMap<string, readonly MemberStatus[] | undefined>,
): string | undefined {
  for (const observer of members) {
    const status = statuses.get(observer.id);
    if (status === undefined) return `${observer.name} does not answer`;
    for (const member of members) {
      const state = status.find(({ id }) => id === member.id)?.state;
      if (state !== 'alive') return `${observer.name} sees ${member.name} ${state ?? 'nowhere'}`;
    }
  }
  return undefined;
}
