/**
 * What each member holds of each key: asked of every member at R = 1, which an owner answers from its own disk, and says
 * so in the receipt.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseVersion, type Receipt } from '@kv/quorum';
import type { StoredCopy } from '@kv/simulation';
import type { FaultyNode } from './cluster/faulty-node.ts';

/** What the receipt of an HTTP answer says, as far as it is read here. */
type ReceiptView = Pick<Receipt, 'mode'> & { readonly replicas: readonly { readonly name: string }[] };

const patienceMs = 30_000;

/** Reads until the owners of each key agree, or for 30 s. */
export async function readCopies(nodes: readonly FaultyNode[], keys: readonly string[]): Promise<StoredCopy[]> {
  const deadline = performance.now() + patienceMs;
  const settled: StoredCopy[] = [];
  let open = keys;
  for (;;) {
    const read = (await Promise.all(nodes.map((node) => readAll(node, open)))).flat();
    const ofKey = (key: string): StoredCopy[] => read.filter((copy) => copy.key === key);
    const isLast = performance.now() > deadline;
    const doubtful = isLast ? [] : open.filter((key) => !agree(ofKey(key)));
    settled.push(...read.filter(({ key }) => !doubtful.includes(key)));
    if (doubtful.length === 0) return settled;
    open = doubtful;
    await delay(500);
  }
}

async function readAll(node: FaultyNode, keys: readonly string[]): Promise<StoredCopy[]> {
  const copies: StoredCopy[] = [];
  for (const key of keys) {
    const copy = await readOne(node, key);
    if (copy !== undefined) copies.push(copy);
  }
  return copies;
}

/** Undefined where the member is no owner of the key. */
async function readOne(node: FaultyNode, key: string): Promise<StoredCopy | undefined> {
  const answer = await node.ask(`/v1/keyspaces/default/keys/${key}?r=1`);
  const receipt = JSON.parse(answer?.headers.get('kv-receipt') ?? '{"replicas":[]}') as ReceiptView;
  const isOwn = receipt.replicas.length === 1 && receipt.replicas[0]?.name === node.name;
  if (answer === undefined || !isOwn) return undefined;
  const text = answer.headers.get('kv-version') ?? answer.headers.get('etag')?.replaceAll('"', '');
  const content = `${answer.status} ${answer.headers.get('content-type')} ${await answer.text()}`;
  const bytes = answer.status === 404 ? 'deleted' : createHash('sha256').update(content).digest('hex').slice(0, 16);
  return { replica: node.name, key, version: text === undefined ? undefined : parseVersion(text), bytes };
}

function agree(copies: readonly StoredCopy[]): boolean {
  const [first] = copies;
  return copies.every(({ version, bytes }) => {
    return bytes === first?.bytes && JSON.stringify(version) === JSON.stringify(first.version);
  });
}
