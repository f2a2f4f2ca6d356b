/** What a node counts, under the names and labels of Prometheus. The numbers are the member's; they are read when asked. */
import type { Counters, NodeStatus } from '@kv/cluster-node';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

interface Place {
  readonly name: string;
  readonly help: string;
  /** The value of the label `outcome`, where one metric has several fields. */
  readonly outcome?: string;
}

const reads = (outcome: string): Place => ({
  name: 'kv_reads_total',
  help: 'Reads coordinated here, by outcome.',
  outcome,
});
const writes = (outcome: string): Place => ({
  name: 'kv_writes_total',
  help: 'Writes coordinated here, by outcome.',
  outcome,
});

const changes = (outcome: string): Place => ({
  name: 'kv_changes_total',
  help: 'Changes in strong keyspaces coordinated here, by outcome.',
  outcome,
});

/** Told for each owner, see {@link NodeStatus.hints}. */
type CountedByOwner = 'hintsDropped';

/** A new counter of the member does not compile until it has a place here. */
const counterPlaces: Readonly<Record<Exclude<keyof Counters, CountedByOwner>, Place>> = {
  readsFound: reads('found'),
  readsAbsent: reads('absent'),
  readsUnavailable: reads('unavailable'),
  readsRepairIncomplete: reads('repair-incomplete'),
  readsTimedOut: reads('timed-out'),
  readsSiblings: { name: 'kv_reads_siblings_total', help: 'Reads that found several siblings.' },
  writesApplied: writes('applied'),
  writesSuperseded: writes('superseded'),
  writesRejected: writes('rejected'),
  writesUnknown: writes('unknown'),
  scanPages: { name: 'kv_scan_pages_total', help: 'Pages of scans coordinated here, by outcome.', outcome: 'page' },
  scanPagesFailed: {
    name: 'kv_scan_pages_total',
    help: 'Pages of scans coordinated here, by outcome.',
    outcome: 'failed',
  },
  changesApplied: changes('applied'),
  changesConflicting: changes('conflict'),
  changesUnavailable: changes('unavailable'),
  changesUnknown: changes('unknown'),
  readsConfirmed: {
    name: 'kv_reads_confirmed_total',
    help: 'Reads of strong keyspaces that had to confirm a value first.',
  },
  operationsOutbid: {
    name: 'kv_operations_outbid_total',
    help: "Attempts on keys of strong keyspaces that another proposer's ended.",
  },
  requestsRefused: { name: 'kv_requests_refused_total', help: 'Requests refused before anything was sent.' },
  busyRefusals: {
    name: 'kv_busy_refusals_total',
    help: 'Requests refused because too much was under way here, or waited for too many owners.',
  },
  siblingsRefused: {
    name: 'kv_siblings_refused_total',
    help: 'Writes refused because their key had too many siblings.',
  },
  repairsSent: { name: 'kv_repairs_sent_total', help: 'Repairs that reads sent to replicas that were behind.' },
  repairsAcknowledged: { name: 'kv_repairs_acknowledged_total', help: 'Repairs that replicas confirmed.' },
  exchangesConfirmed: {
    name: 'kv_exchanges_total',
    help: 'Comparisons of hash trees with other owners, by outcome.',
    outcome: 'confirmed',
  },
  exchangesFailed: {
    name: 'kv_exchanges_total',
    help: 'Comparisons of hash trees with other owners, by outcome.',
    outcome: 'failed',
  },
  exchangeRepairsSent: { name: 'kv_exchange_repairs_sent_total', help: 'Records that other owners lacked.' },
  exchangeRepairsFetched: { name: 'kv_exchange_repairs_fetched_total', help: 'Records that this node lacked.' },
  hintsKept: { name: 'kv_hints_kept_total', help: 'Hints kept here for owners that were away.' },
  hintsReplayed: { name: 'kv_hints_replayed_total', help: 'Hints handed over to their owners.' },
  standIns: { name: 'kv_stand_ins_total', help: 'Reads that asked a further replica because one was slow.' },
  standInsRefused: {
    name: 'kv_stand_ins_refused_total',
    help: 'Times that a read would have, but too many others had.',
  },
  replicaReads: { name: 'kv_replica_reads_total', help: 'Reads served as a replica.' },
  replicaWrites: { name: 'kv_replica_writes_total', help: 'Writes served as a replica.' },
  replicaScans: { name: 'kv_replica_scans_total', help: 'Scans of partitions served as a replica.' },
  acceptorPrepares: { name: 'kv_acceptor_prepares_total', help: 'Promises asked of this node.' },
  acceptorAccepts: { name: 'kv_acceptor_accepts_total', help: 'Values offered to this node to accept.' },
  acceptorQueries: { name: 'kv_acceptor_queries_total', help: 'Queries of what this node accepted.' },
  replicaRefusals: { name: 'kv_replica_refusals_total', help: 'Requests of other members that were refused.' },
  diskFullRefusals: {
    name: 'kv_disk_full_refusals_total',
    help: "Writes that this node's own storage refused because its disk is full.",
  },
  deletionsPurged: { name: 'kv_deletions_purged_total', help: 'Deletions that were forgotten for good.' },
  watermarksRaised: {
    name: 'kv_purge_rounds_total',
    help: 'Attempts led by this node to have a purge watermark raised, by outcome.',
    outcome: 'raised',
  },
  watermarksHeldBack: {
    name: 'kv_purge_rounds_total',
    help: 'Attempts led by this node to have a purge watermark raised, by outcome.',
    outcome: 'held-back',
  },
  writesBelowWatermark: {
    name: 'kv_writes_below_watermark_total',
    help: 'Writes refused because what they wrote may have been deleted and forgotten since.',
  },
  damagedReads: {
    name: 'kv_damaged_reads_total',
    help: "Times that this node's own storage could not be read where it was asked to.",
  },
  lossesCutOut: {
    name: 'kv_damaged_files_cut_total',
    help: "Damaged files of this node's storage of which what could not be read was cut out.",
  },
  rangesHealed: {
    name: 'kv_ranges_healed_total',
    help: 'Ranges of which something was damaged that came whole again from their other owners.',
  },
  framesReceived: { name: 'kv_frames_received_total', help: 'Frames of members and clients.' },
  framesRefused: { name: 'kv_frames_refused_total', help: 'Frames that were malformed or not expected.' },
  linksLost: { name: 'kv_links_lost_total', help: 'Times that a member could not be sent to.' },
};

type NumericField<T> = { [Field in keyof T]: T[Field] extends number ? Field : never }[keyof T];

const storagePlaces: Readonly<Record<NumericField<NodeStatus['storage']>, Place & { readonly total?: true }>> = {
  pendingEntries: { name: 'kv_storage_pending_entries', help: 'Entries decided but not yet durable.' },
  memtableEntries: { name: 'kv_storage_memtable_entries', help: 'Entries in memtables.' },
  memtableBytes: { name: 'kv_storage_memtable_bytes', help: 'Bytes in memtables.' },
  runs: { name: 'kv_storage_runs', help: 'Live sorted runs.' },
  runEntries: { name: 'kv_storage_run_entries', help: 'Entries in runs, replaced versions included.' },
  runBytes: { name: 'kv_storage_run_bytes', help: 'Bytes of the live sorted runs.' },
  segments: { name: 'kv_storage_segments', help: 'Segments of the commit log.' },
  segmentBytes: { name: 'kv_storage_segment_bytes', help: 'Bytes of the commit log.' },
  durableSequence: { name: 'kv_storage_durable_sequence', help: 'Sequence of the newest durable entry.' },
  flushedSequence: { name: 'kv_storage_flushed_sequence', help: 'Sequence of the newest entry in a run.' },
  groups: { name: 'kv_storage_groups_total', help: 'Group commits.', total: true },
  flushes: { name: 'kv_storage_flushes_total', help: 'Memtables written to runs.', total: true },
  compactions: { name: 'kv_storage_compactions_total', help: 'Compactions.', total: true },
  memtables: { name: 'kv_storage_memtables', help: 'Memtables, those being flushed included.' },
  valueFiles: { name: 'kv_storage_value_files', help: 'Files of values kept apart from their entries.' },
  valueBytes: { name: 'kv_storage_value_bytes', help: 'Bytes of those files.' },
  garbageBytes: { name: 'kv_storage_garbage_bytes', help: 'Bytes of those files that nothing points to any more.' },
  cacheBytes: { name: 'kv_storage_cache_bytes', help: 'Bytes in the block cache.' },
  cacheHits: { name: 'kv_storage_cache_hits_total', help: 'Look-ups that the block cache answered.', total: true },
  cacheMisses: { name: 'kv_storage_cache_misses_total', help: 'Look-ups that it did not.', total: true },
  givenBytes: { name: 'kv_storage_given_bytes_total', help: 'Bytes of entries that were acknowledged.', total: true },
  loggedBytes: { name: 'kv_storage_logged_bytes_total', help: 'Bytes written to the commit log.', total: true },
  flushedBytes: { name: 'kv_storage_flushed_bytes_total', help: 'Bytes written by flushes.', total: true },
  compactedBytes: { name: 'kv_storage_compacted_bytes_total', help: 'Bytes written by compactions.', total: true },
  slowdowns: { name: 'kv_storage_slowdowns_total', help: 'Groups that back-pressure delayed.', total: true },
  stops: { name: 'kv_storage_stops_total', help: 'Groups that back-pressure stopped.', total: true },
  stalledMs: { name: 'kv_storage_stalled_ms_total', help: 'Milliseconds of such delays and stops.', total: true },
  writeAmplification: { name: 'kv_storage_write_amplification', help: 'Bytes written over bytes acknowledged.' },
  spaceAmplification: {
    name: 'kv_storage_space_amplification',
    help: 'Bytes on disk over those of what is live, at most.',
  },
};

export class NodeMetrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, Counter<'outcome'> | Gauge<'outcome'>>();
  readonly #connections: Gauge;
  readonly #ready: Gauge;
  readonly #members: Gauge<'state'>;
  readonly #diskFull: Gauge;
  readonly #requestBytes: Gauge;
  readonly #repairDebt: Gauge<'member'>;
  readonly #purgeDebt: Gauge<'member' | 'reason'>;
  readonly #lostRanges: Gauge;
  readonly #clockCorrection: Gauge;
  readonly #clockOffset: Gauge<'member'>;
  readonly #hints: Readonly<Record<'count' | 'bytes' | 'oldestAgeMs', Gauge<'owner'>>>;
  readonly #hintsDropped: Counter<'owner'>;

  constructor() {
    const registers = [this.#registry];
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    this.#connections = new Gauge({ name: 'kv_connections', help: 'Connections of peers and clients.', registers });
    this.#ready = new Gauge({ name: 'kv_ready', help: '1 while this node serves requests.', registers });
    this.#requestBytes = new Gauge({
      name: 'kv_request_bytes',
      help: 'Bytes that requests coordinated here hold at the moment.',
      registers,
    });
    this.#repairDebt = new Gauge({
      name: 'kv_repair_debt_seconds',
      help: 'Since when some range was not known to be the same here and at another owner of it, by that owner.',
      labelNames: ['member'],
      registers,
    });
    this.#purgeDebt = new Gauge({
      name: 'kv_purge_debt_seconds',
      help: 'Since when some range cannot forget its deletions, by the member that holds them back and why.',
      labelNames: ['member', 'reason'],
      registers,
    });
    this.#diskFull = new Gauge({
      name: 'kv_disk_full',
      help: '1 while this node refuses writes because its disk is full.',
      registers,
    });
    this.#lostRanges = new Gauge({
      name: 'kv_lost_ranges',
      help: 'Ranges of which something rotted here and has not come back from their other owners yet.',
      registers,
    });
    this.#clockCorrection = new Gauge({
      name: 'kv_clock_correction_seconds',
      help: "What is added to this node's wall clock for the median of the members' clocks.",
      registers,
    });
    this.#clockOffset = new Gauge({
      name: 'kv_clock_offset_seconds',
      help: "How far the wall clocks of the other members are ahead of this node's.",
      labelNames: ['member'],
      registers,
    });
    const hints = (name: string, help: string) => new Gauge({ name, help, labelNames: ['owner'] as const, registers });
    this.#hints = {
      count: hints('kv_hints_queued', 'Hints kept here, by the owner that they are for.'),
      bytes: hints('kv_hints_bytes', 'Bytes of these hints, uncompressed.'),
      oldestAgeMs: hints('kv_hints_oldest_seconds', 'Since the oldest of these hints was written.'),
    };
    this.#hintsDropped = new Counter({
      name: 'kv_hints_dropped_total',
      help: 'Hints not kept, or not until their owner had them, for want of room or for their age, by that owner.',
      labelNames: ['owner'],
      registers,
    });
    const help = 'Members of the cluster by what this node believes of them.';
    this.#members = new Gauge({ name: 'kv_members', help, labelNames: ['state'], registers });
    for (const place of Object.values(counterPlaces)) this.#add(place, true);
    for (const place of Object.values(storagePlaces)) this.#add(place, place.total === true);
  }

  /** @param status undefined while there is no member */
  async render(status: NodeStatus | undefined, connections: number): Promise<string> {
    this.#connections.set(connections);
    this.#ready.set(status?.ready === true ? 1 : 0);
    if (status !== undefined) this.#record(status);
    return this.#registry.metrics();
  }

  #record(status: NodeStatus): void {
    const { counters, storage, members, repairDebt, purgeDebt, diskFullForMs, hints } = status;
    this.#recordClocks(status);
    this.#requestBytes.set(status.requestBytes);
    this.#diskFull.set(diskFullForMs === undefined ? 0 : 1);
    this.#lostRanges.set(status.lostRanges);
    const nameOf = (id: string): string => members.find((member) => member.id === id)?.name ?? id;
    for (const metric of [...Object.values(this.#hints), this.#hintsDropped]) metric.reset();
    for (const { owner: id, count, bytes, oldestAgeMs, dropped } of hints) {
      const owner = nameOf(id);
      this.#hintsDropped.inc({ owner }, dropped);
      this.#hints.count.set({ owner }, count);
      this.#hints.bytes.set({ owner }, bytes);
      this.#hints.oldestAgeMs.set({ owner }, oldestAgeMs / 1000);
    }
    for (const gauge of [this.#repairDebt, this.#purgeDebt]) gauge.reset();
    if (repairDebt !== undefined) this.#repairDebt.set({ member: nameOf(repairDebt.peer) }, repairDebt.ageMs / 1000);
    if (purgeDebt !== undefined) {
      const { member, reason, ageMs } = purgeDebt;
      this.#purgeDebt.set({ member: nameOf(member), reason }, ageMs / 1000);
    }
    for (const state of ['alive', 'suspect', 'down'] as const) {
      this.#members.set({ state }, members.filter((member) => member.state === state).length);
    }
    for (const metric of this.#metrics.values()) metric.reset();
    for (const [field, place] of entriesOf(counterPlaces)) this.#set(place, counters[field]);
    for (const [field, place] of entriesOf(storagePlaces)) this.#set(place, storage[field]);
  }

  #recordClocks({ clockCorrectionMs, clockOffsets, members }: NodeStatus): void {
    this.#clockCorrection.set(clockCorrectionMs / 1000);
    this.#clockOffset.reset();
    for (const { member: id, offsetMs } of clockOffsets) {
      const member = members.find((other) => other.id === id)?.name ?? id;
      this.#clockOffset.set({ member }, offsetMs / 1000);
    }
  }

  #add({ name, help }: Place, isCounter: boolean): void {
    if (this.#metrics.has(name)) return;
    const options = { name, help, labelNames: ['outcome'] as const, registers: [this.#registry] };
    this.#metrics.set(name, isCounter ? new Counter(options) : new Gauge(options));
  }

  /** The metric was reset before, so that adding is setting. */
  #set({ name, outcome }: Place, value: number): void {
    const metric = this.#metrics.get(name);
    if (outcome === undefined) metric?.inc(value);
    else metric?.inc({ outcome }, value);
  }
}

function entriesOf<Field extends string, Value>(record: Readonly<Record<Field, Value>>): [Field, Value][] {
  return Object.entries(record) as [Field, Value][];
}
