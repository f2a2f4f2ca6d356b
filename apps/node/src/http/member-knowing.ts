/** A member that was cut off may not know of a keyspace yet: it asks the others before it says that there is none. */
import type { ClusterNode, RequestError } from '@kv/cluster-node';

/** The member, once it knows the keyspace or was told that there is none. @throws RequestError TOO_FEW_VOTERS */
export async function memberKnowing<Member extends Pick<ClusterNode, 'topology' | 'refreshTopology'>>(
  member: Member,
  keyspace: string,
): Promise<Member> {
  if (member.topology.keyspace(keyspace) === undefined) {
    const unheard = await new Promise<RequestError | undefined>((resolve) => member.refreshTopology(resolve));
    if (unheard !== undefined && member.topology.keyspace(keyspace) === undefined) throw unheard;
  }
  return member;
}
