/** What a test has the nodes of a {@link FakeCluster} answer. */
import type { Version } from '@kv/quorum';
import { encodeRecordMeta, type WriteReply } from '@kv/wire';
import type { Behaviour, FakeCluster } from './fake-cluster.ts';

export const aVersion: Version = { ms: 1, counter: 0, actor: 'a'.repeat(32) };

export const refuse =
  (code: string): Behaviour =>
  () => ({ type: 'error', code, message: `because of ${code}` });

/** Under the version that the write carries, if it carries one. */
export function writeReply(
  cluster: FakeCluster,
  outcome: WriteReply['outcome'],
  more: Partial<WriteReply> = {},
): Behaviour {
  return (message) => {
    const version = 'version' in message && message.version !== undefined ? message.version : aVersion;
    const receipt = cluster.receipt(2, outcome === 'applied' ? 2 : 1);
    return { type: 'write-reply', outcome, version, certain: true, receipt, ...more };
  };
}

export function found(
  cluster: FakeCluster,
  contentType: string,
  value: Uint8Array,
  version: Version = aVersion,
): Behaviour {
  const meta = encodeRecordMeta({ kind: 'value', version, codec: 0, rawLength: value.length, contentType });
  return () => ({ type: 'get-reply', found: 'found', meta, value, receipt: cluster.receipt(2, 2) });
}

/** Of every put that arrived anywhere, in the order of the nodes. */
export function putVersions(cluster: FakeCluster): (Version | undefined)[] {
  return cluster.nodes.flatMap((node) => node.got('put').map(({ version }) => version));
}
