/** A member that was cut off may not know of a keyspace yet: it asks the others before it says that there is none. */
import type { ClusterNode } from '@kv/cluster-node';

/** The member, once it knows the keyspace or was told nothing of it. */
export async function memberKnowing<Member extends Pick<ClusterNode, 'topology' | 'refreshTopology'>>(
  member: Member,
  keyspace: string,
): Promise<Member> {
  if (member.topology.keyspace(keyspace) === undefined) {
    await new Promise<void>((resolve) => member.refreshTopology(resolve));
  }
  return member;
}
