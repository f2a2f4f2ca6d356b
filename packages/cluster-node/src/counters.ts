/** What this member counted since it started. Plain numbers: whoever exports metrics reads them when asked. */
export interface Counters {
  readsFound: number;
  readsAbsent: number;
  readsUnavailable: number;
  readsRepairIncomplete: number;
  readsTimedOut: number;
  /** Reads that found writes beside each other which knew nothing of each other. */
  readsSiblings: number;
  writesApplied: number;
  writesSuperseded: number;
  writesRejected: number;
  writesUnknown: number;
  /** Pages of scans that were answered, and those of which nothing could be read. */
  scanPages: number;
  scanPagesFailed: number;
  /** Of strong keyspaces. */
  changesApplied: number;
  changesConflicting: number;
  changesUnavailable: number;
  changesUnknown: number;
  /** Reads of strong keyspaces that had to confirm a value first. */
  readsConfirmed: number;
  /** Attempts that another proposer's higher ballot ended. */
  operationsOutbid: number;
  /** Requests refused before anything was sent: the caller asked for something that cannot be. */
  requestsRefused: number;
  /** Requests refused because too much was under way here, or waited for too many of the owners. */
  busyRefusals: number;
  /** Writes that an owner refused because the key had too many siblings. */
  siblingsRefused: number;
  /** Repairs that reads sent to replicas that were behind. */
  repairsSent: number;
  repairsAcknowledged: number;
  /** Exchanges of hash trees with other owners that came to their end with both sides the same, and those that did not. */
  exchangesConfirmed: number;
  exchangesFailed: number;
  /** Records that an exchange found older or missing at the other owner, and here. */
  exchangeRepairsSent: number;
  exchangeRepairsFetched: number;
  /** Hints kept here for owners that were away, handed over to them, and not kept for want of room or for their age. */
  hintsKept: number;
  hintsReplayed: number;
  hintsDropped: number;
  /** Reads that asked a further replica because one was slow. */
  standIns: number;
  /** Times that a read would have, but too many others had. */
  standInsRefused: number;
  replicaReads: number;
  replicaWrites: number;
  replicaScans: number;
  acceptorPrepares: number;
  acceptorAccepts: number;
  acceptorQueries: number;
  /** Requests of other members that this one refused. */
  replicaRefusals: number;
  /** Writes that this member's own storage refused because its disk is full. */
  diskFullRefusals: number;
  /** Deletions that were forgotten for good, because they lay below the purge watermark of their range. */
  deletionsPurged: number;
  /** Times that a purge watermark rose here, led by this member, and times that something held it back. */
  watermarksRaised: number;
  watermarksHeldBack: number;
  /** Writes that came too late: what they wrote may have been deleted and forgotten since. */
  writesBelowWatermark: number;
  /** Times that this member's own storage could not be read where it was asked to. */
  damagedReads: number;
  /** Damaged files of which what was lost was cut out, and ranges that came whole again from their other owners. */
  lossesCutOut: number;
  rangesHealed: number;
  framesReceived: number;
  /** Frames that were malformed or not expected. */
  framesRefused: number;
  linksLost: number;
}

export function createCounters(): Counters {
  return {
    readsFound: 0,
    readsAbsent: 0,
    readsUnavailable: 0,
    readsRepairIncomplete: 0,
    readsTimedOut: 0,
    readsSiblings: 0,
    writesApplied: 0,
    writesSuperseded: 0,
    writesRejected: 0,
    writesUnknown: 0,
    scanPages: 0,
    scanPagesFailed: 0,
    changesApplied: 0,
    changesConflicting: 0,
    changesUnavailable: 0,
    changesUnknown: 0,
    readsConfirmed: 0,
    operationsOutbid: 0,
    requestsRefused: 0,
    busyRefusals: 0,
    siblingsRefused: 0,
    repairsSent: 0,
    repairsAcknowledged: 0,
    exchangesConfirmed: 0,
    exchangesFailed: 0,
    exchangeRepairsSent: 0,
    exchangeRepairsFetched: 0,
    hintsKept: 0,
    hintsReplayed: 0,
    hintsDropped: 0,
    standIns: 0,
    standInsRefused: 0,
    replicaReads: 0,
    replicaWrites: 0,
    replicaScans: 0,
    acceptorPrepares: 0,
    acceptorAccepts: 0,
    acceptorQueries: 0,
    replicaRefusals: 0,
    diskFullRefusals: 0,
    deletionsPurged: 0,
    watermarksRaised: 0,
    watermarksHeldBack: 0,
    writesBelowWatermark: 0,
    damagedReads: 0,
    lossesCutOut: 0,
    rangesHealed: 0,
    framesReceived: 0,
    framesRefused: 0,
    linksLost: 0,
  };
}
