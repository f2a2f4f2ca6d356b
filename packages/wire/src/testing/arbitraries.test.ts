/** Every value that the formats can hold, as fast-check arbitraries. */
import { type Ballot, consistencyLevels, type Receipt, type ReplicaAnswer, type Stamp, type Version } from '@kv/quorum';
import fc, { type Arbitrary } from 'fast-check';
import {
  type ChangeMemory,
  type FrameHeader,
  type KeyspaceSettings,
  maxContextBytes,
  type Message,
  type MessageType,
  type RegisterValue,
  type TopologyKeyspace,
  type TopologyState,
} from '../index.ts';

const safe = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 1000 }), fc.constant(Number.MAX_SAFE_INTEGER));
const u8 = fc.nat({ max: 0xff });
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffffffff });
const u48 = fc.nat({ max: 2 ** 48 - 1 });

export const uuid: Arbitrary<string> = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))
  .map((hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));

export const version: Arbitrary<Version> = record({
  ms: u48,
  counter: u16,
  actor: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
});

export const stamp: Arbitrary<Stamp> = record({ ms: u48, counter: u16 });

export const key: Arbitrary<Uint8Array> = bytes(1, 40, 4096);
const meta = bytes(0, 60, 255);
const value = bytes(0, 300, 5000);

/** Any text of at most `max` bytes in UTF-8, the longest among them. */
export function text(max: number): Arbitrary<string> {
  const any = fc.string({ unit: 'binary', maxLength: Math.min(max, 24) });
  return fc
    .oneof(any, fc.constant('x'.repeat(max)), fc.constant('\uFEFF'))
    .filter((it) => Buffer.byteLength(it) <= max);
}

export const printable: Arbitrary<string> = fc.oneof(
  fc.constantFrom('application/json', 'text/plain;charset=utf-8', ''),
  fc.string({ unit: 'grapheme-ascii', maxLength: 128 }),
);

const replicaAnswer: Arbitrary<ReplicaAnswer> = record(
  {
    replica: uuid,
    role: fc.constantFrom('primary', 'fallback'),
    answer: fc.constantFrom('applied', 'superseded', 'held', 'absent', 'refused', 'unreachable', 'pending', 'down'),
  },
  { hintFor: uuid, version, latencyMs: u32.map((us) => us / 1000), reason: text(64) },
);

export const receipt: Arbitrary<Receipt> = record({
  mode: fc.constantFrom('strict' as const, 'sloppy' as const),
  epoch: safe,
  needed: u8,
  got: u8,
  replicas: fc.array(replicaAnswer, { maxLength: 32, size: 'max' }),
  repairs: record({ sent: u8, acknowledged: u8, needed: u8, held: u8 }),
});

const want = fc.constantFrom('value' as const, 'version' as const);
const digest = record({ id: uuid, generation: safe, heartbeat: safe });
const state = record({
  id: uuid,
  generation: safe,
  heartbeat: safe,
  status: fc.constantFrom('joining' as const, 'normal' as const, 'leaving' as const, 'left' as const),
  address: text(255),
});
const few = { maxLength: 8 };
const nodes = fc.array(u32, { maxLength: 40 });

const keyspace: Arbitrary<TopologyKeyspace> = record(
  {
    id: u32,
    name: text(64),
    replicas: u8,
    mode: fc.constantFrom('eventual' as const, 'strong' as const),
    conflict: fc.constantFrom('last-write-wins' as const, 'siblings' as const),
    sloppy: fc.boolean(),
    readLevel: fc.constantFrom(...consistencyLevels),
    writeLevel: fc.constantFrom(...consistencyLevels),
    compressed: fc.boolean(),
    since: safe,
  },
  { ttlMs: u48 },
);

const topology: Arbitrary<Extract<Message, { type: 'topology' }>> = record({
  epoch: safe,
  clusterId: uuid,
  members: fc.array(
    record(
      { id: uuid, name: text(64), address: text(255), weight: fc.double({ min: 0, max: 1e300, noNaN: true }) },
      { rack: text(64), dataCentre: text(64) },
    ),
    { minLength: 1, maxLength: 8 },
  ),
  keyspaces: fc.array(keyspace, few),
  nextKeyspaceId: u32,
  voters: fc.array(uuid, { maxLength: 5 }),
  changes: fc.array(uuid, { maxLength: 16, size: 'max' }),
  seeds: fc.array(fc.nat(), { maxLength: 300 }),
}).map(({ seeds, ...rest }) => ({
  ...rest,
  type: 'topology',
  partitions: seeds.length,
  owners: seeds.map((seed) => seed % rest.members.length),
}));

export const topologyState: Arbitrary<TopologyState> = topology.map(({ type: _, ...rest }) => rest);
export const ballot: Arbitrary<Ballot> = record({ counter: safe, proposer: printable.map((it) => it.slice(0, 64)) });
const settings: Arbitrary<KeyspaceSettings> = record(
  {},
  {
    mode: fc.constantFrom('eventual' as const, 'strong' as const),
    conflict: fc.constantFrom('last-write-wins' as const, 'siblings' as const),
    sloppy: fc.boolean(),
    readLevel: fc.constantFrom(...consistencyLevels),
    writeLevel: fc.constantFrom(...consistencyLevels),
    ttlMs: u48,
    compressed: fc.boolean(),
  },
);
const bounds = { prefix: bytes(0, 20, 4096) };
const scanned = fc.array(record({ key, meta }, { value }), few);
const changeMemory: Arbitrary<ChangeMemory> = fc.oneof(
  record({ outcome: fc.constant('applied' as const), version }),
  record({ outcome: fc.constant('conflict' as const) }, { version }),
);
export const registerValue: Arbitrary<RegisterValue> = record({
  meta,
  value,
  memory: record(
    { recent: fc.array(record({ id: version, result: changeMemory }), few) },
    { forgotten: record({ ms: u48, counter: u16 }) },
  ) as Arbitrary<RegisterValue['memory']>,
});
const register = { partition: u16, key };
const changeReply = { type: fc.constant('change-reply' as const), receipt };
const changeFailure = fc.constantFrom('too-few-replicas', 'deadline', 'busy', 'outbid', 'forgotten' as const);
const contextBytes = bytes(1, 60, maxContextBytes);
const contentFields = { contentType: printable, codec: u8, rawLength: u32, value };
const content = record(contentFields);
const foundSibling = record({ version, ...contentFields });

/** One arbitrary for every type of message: a type that is forgotten here does not compile. */
export const messages: { readonly [Type in MessageType]: Arbitrary<Extract<Message, { type: Type }>> } = {
  hello: record({
    type: fc.constant('hello'),
    lowestProtocol: u16,
    highestProtocol: u16,
    features: u32,
    codecs: fc.array(u8, { maxLength: 16, size: 'max' }),
    clusterId: uuid,
    nodeId: uuid,
    role: fc.constantFrom('node', 'client'),
    generation: safe,
    authentication: bytes(0, 40, 4096),
  }),
  error: record(
    { type: fc.constant('error'), code: text(64), message: text(2048) },
    { details: fc.dictionary(text(64), text(2048), { maxKeys: 16, noNullPrototype: true }) },
  ),
  'gossip-syn': record({
    type: fc.constant('gossip-syn'),
    clusterId: uuid,
    digests: fc.array(digest, few),
    suspects: fc.array(uuid, few),
  }),
  'gossip-ack': record({
    type: fc.constant('gossip-ack'),
    clusterId: uuid,
    wallMs: u48,
    digests: fc.array(digest, few),
    states: fc.array(state, few),
    suspects: fc.array(uuid, few),
  }),
  'gossip-ack2': record({
    type: fc.constant('gossip-ack2'),
    clusterId: uuid,
    states: fc.array(state, few),
    suspects: fc.array(uuid, few),
  }),
  'replica-write': record({ type: fc.constant('replica-write'), partition: u16, key, meta, value }),
  'replica-write-reply': record({
    type: fc.constant('replica-write-reply'),
    outcome: fc.constantFrom('applied', 'superseded'),
    version,
  }),
  'replica-read': record({ type: fc.constant('replica-read'), partition: u16, key, want }),
  'replica-read-reply': fc.oneof(
    record({ type: fc.constant('replica-read-reply' as const), found: fc.constant('absent' as const) }),
    record({ type: fc.constant('replica-read-reply' as const), found: fc.constant('version' as const), meta }),
    record({ type: fc.constant('replica-read-reply' as const), found: fc.constant('value' as const), meta, value }),
  ),
  'tree-compare': record({
    type: fc.constant('tree-compare'),
    partition: u16,
    level: u8,
    nodes,
    hashes: value,
    watermark: stamp,
  }),
  'tree-compare-reply': record({
    type: fc.constant('tree-compare-reply'),
    levels: u8,
    differing: nodes,
    watermark: stamp,
  }),
  'tree-list': record(
    { type: fc.constant('tree-list'), partition: u16, level: u8, nodes, limit: u16 },
    { after: key, through: key },
  ),
  'tree-list-reply': record(
    {
      type: fc.constant('tree-list-reply'),
      entries: fc.array(record({ key, version: bytes(1, 24, 255) }), few),
    },
    { through: key },
  ),
  'hint-write': record({
    type: fc.constant('hint-write'),
    partition: u16,
    intendedOwner: uuid,
    key,
    meta,
    value,
  }),
  'purge-hints': record({ type: fc.constant('purge-hints'), partition: u16, upTo: stamp }),
  'purge-seal': record({ type: fc.constant('purge-seal'), partition: u16, upTo: stamp }),
  'purge-reply': record({ type: fc.constant('purge-reply'), outcome: fc.constantFrom('clear', 'held') }),
  'purge-raise': record({ type: fc.constant('purge-raise'), partition: u16, upTo: stamp }),
  'purge-wanted': record({ type: fc.constant('purge-wanted'), partition: u16 }),
  'repair-write': record({
    type: fc.constant('repair-write'),
    partition: u16,
    key,
    meta,
    value,
    watermark: stamp,
  }),
  'hint-read': record({ type: fc.constant('hint-read'), partition: u16, key }),
  'range-dirty': record({ type: fc.constant('range-dirty'), partition: u16, intendedOwner: uuid }),
  get: record({ type: fc.constant('get'), key, want }, { r: u8, sloppy: fc.boolean() }),
  'get-reply': fc.oneof(
    record({ type: fc.constant('get-reply' as const), found: fc.constant('absent' as const), receipt }, { meta }),
    record({ type: fc.constant('get-reply' as const), found: fc.constant('found' as const), meta, receipt }, { value }),
  ),
  put: record(
    { type: fc.constant('put'), key, contentType: printable, codec: u8, rawLength: u32, value },
    { version, ttlMs: u48, w: u8, sloppy: fc.boolean() },
  ),
  delete: record({ type: fc.constant('delete'), key }, { version, w: u8, sloppy: fc.boolean() }),
  'write-reply': record(
    {
      type: fc.constant('write-reply'),
      outcome: fc.constantFrom('applied', 'superseded', 'rejected', 'unknown'),
      version,
      certain: fc.boolean(),
      receipt,
    },
    { winner: version, reason: text(64) },
  ),
  'read-failed': record({
    type: fc.constant('read-failed'),
    outcome: fc.constantFrom('unavailable', 'repair-incomplete', 'timed-out'),
    receipt,
  }),
  change: record(
    {
      type: fc.constant('change'),
      key,
      condition: fc.oneof(
        record({ type: fc.constant('none' as const) }),
        record({ type: fc.constant('absent' as const) }),
        record({ type: fc.constant('version' as const), version }),
      ),
      to: fc.oneof(
        record(
          { type: fc.constant('put' as const), contentType: printable, codec: u8, rawLength: u32, value },
          { ttlMs: u48 },
        ),
        record({ type: fc.constant('delete' as const) }),
      ),
      wantCurrent: fc.boolean(),
    },
    { operation: version },
  ),
  'change-reply': fc.oneof(
    record({ ...changeReply, outcome: fc.constant('applied' as const), version }),
    record(
      { ...changeReply, outcome: fc.constant('conflict' as const) },
      { version, current: record({ meta, value }) },
    ),
    record({ ...changeReply, outcome: fc.constant('unavailable' as const), reason: changeFailure }),
    record({ ...changeReply, outcome: fc.constant('unknown' as const), reason: changeFailure }),
  ),
  prepare: record({ type: fc.constant('prepare'), ...register, ballot }),
  'prepare-reply': fc.oneof(
    record(
      { type: fc.constant('prepare-reply' as const), outcome: fc.constant('promised' as const) },
      { accepted: record({ ballot, value: registerValue }) },
    ),
    record({
      type: fc.constant('prepare-reply' as const),
      outcome: fc.constant('outbid' as const),
      promised: ballot,
    }),
  ),
  accept: record({ type: fc.constant('accept'), ...register, ballot, value: registerValue }),
  'accept-reply': fc.oneof(
    record({ type: fc.constant('accept-reply' as const), outcome: fc.constant('accepted' as const) }),
    record({ type: fc.constant('accept-reply' as const), outcome: fc.constant('outbid' as const), promised: ballot }),
  ),
  'register-query': record({
    type: fc.constant('register-query'),
    ...register,
    want: fc.constantFrom('value' as const, 'ballot' as const),
  }),
  'register-query-reply': record(
    { type: fc.constant('register-query-reply') },
    { promised: ballot, accepted: record({ ballot, version }, { value: registerValue }) },
  ),
  'topology-request': record({ type: fc.constant('topology-request') }),
  'replica-scan': record(
    { type: fc.constant('replica-scan'), partition: u16, ...bounds, limit: u16, maxBytes: u32, want },
    { gte: key, lt: key, after: key },
  ),
  'replica-scan-reply': record({
    type: fc.constant('replica-scan-reply'),
    entries: scanned,
    truncated: fc.boolean(),
  }),
  scan: record(
    { type: fc.constant('scan'), ...bounds, limit: u16, values: fc.boolean() },
    { gte: key, lt: key, cursor: bytes(1, 60, 4114), r: u8 },
  ),
  'scan-reply': record({ type: fc.constant('scan-reply'), entries: scanned }, { cursor: bytes(1, 60, 4114) }),
  topology,
  'change-keyspace': record({
    type: fc.constant('change-keyspace'),
    id: uuid,
    change: fc.oneof(
      record({ kind: fc.constant('create' as const), name: text(64), settings }, { replicas: u8 }),
      record({ kind: fc.constant('alter' as const), name: text(64), settings }, { replicas: u8 }),
      record({ kind: fc.constant('drop' as const), name: text(64) }),
    ),
  }),
  'topology-prepare': record({ type: fc.constant('topology-prepare'), ballot }),
  'topology-accept': record({ type: fc.constant('topology-accept'), ballot, topology: topologyState }),
  'topology-adopt': record({ type: fc.constant('topology-adopt'), topology: topologyState }),
  'topology-adopted': record({ type: fc.constant('topology-adopted'), epoch: safe }),
  'topology-behind': record({
    type: fc.constant('topology-behind'),
    topology: topologyState,
    behind: fc.array(uuid, few),
  }),
  'topology-reply': record({
    type: fc.constant('topology-reply'),
    reply: fc.oneof(
      record({ type: fc.constant('promised' as const) }, { accepted: record({ ballot, value: topologyState }) }),
      record({ type: fc.constant('accepted' as const) }),
      record({ type: fc.constant('outbid' as const), promised: ballot }),
    ),
  }),
  'sibling-write': record(
    { type: fc.constant('sibling-write'), partition: u16, key, version, w: u8 },
    { context: contextBytes, content },
  ),
  'sibling-write-reply': record(
    {
      type: fc.constant('sibling-write-reply'),
      outcome: fc.constantFrom('applied', 'rejected', 'unknown'),
      version,
      receipt,
    },
    { siblings: u16, reason: text(64) },
  ),
  'get-siblings': record({ type: fc.constant('get-siblings'), key }, { r: u8 }),
  siblings: record(
    { type: fc.constant('siblings'), siblings: fc.array(foundSibling, few), receipt },
    { version, context: contextBytes },
  ),
  'put-sibling': record({ type: fc.constant('put-sibling'), key }, { version, context: contextBytes, content, w: u8 }),
};

export const message: Arbitrary<Message> = fc.oneof(...(Object.values(messages) as Arbitrary<Message>[]));

export const header: Arbitrary<FrameHeader> = record({
  operationId: u32,
  epoch: safe,
  keyspaceId: u32,
  deadlineMs: u32,
  stamp: record({ ms: u48, counter: u16 }),
});

/** Fields that are always there, and fields that may be absent; plain objects, as decoding makes them. */
function record<Required extends object, Optional extends object = Record<never, never>>(
  required: { [Name in keyof Required]: Arbitrary<Required[Name]> },
  optional?: { [Name in keyof Optional]: Arbitrary<Optional[Name]> },
): Arbitrary<Required & Partial<Optional>> {
  const fields: Record<string, Arbitrary<unknown>> = { ...required, ...optional };
  return fc.record(fields, {
    requiredKeys: Object.keys(required),
    noNullPrototype: true,
  }) as Arbitrary<Required & Partial<Optional>>;
}

/** `min` to `often` bytes mostly, and sometimes as many as are allowed. */
function bytes(min: number, often: number, max: number): Arbitrary<Uint8Array> {
  const some = fc.uint8Array({ minLength: min, maxLength: often });
  return fc.oneof(
    { weight: 9, arbitrary: some },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(max).fill(0xa5)) },
  );
}
