/**
 * One member of a cluster: ring, gossip, quorums and storage composed, without sockets, clock or globals.
 * @packageDocumentation
 */
export { Admission } from './admission/admission.ts';
export { BudgetShare, ByteBudget, type ByteBudgetLimits, ClientBudget } from './admission/byte-budget.ts';
export type { Reply } from './client-server.ts';
export { type ClockOffset, clockSampleKeptMs } from './clock/clock-offsets.ts';
export { ClusterNode } from './cluster-node.ts';
export { maxKeyBytes, maxTimeoutMs } from './coordinator/request-checks.ts';
export { type Counters, createCounters } from './counters.ts';
export type { HintStatus } from './hints/hinted-handoff.ts';
export { RecurringFaults } from './recurring-faults.ts';
export { Losses } from './healing/losses.ts';
export { type Hint, type HintsOfRange, HintStore, type HintStoreDependencies } from './hints/hint-store.ts';
export { ClusterNodeError, type ClusterNodeErrorCode, RequestError, type RequestErrorCode } from './errors.ts';
export type { ClusterNodeConfig } from './open-parts.ts';
export { type ClusterNodeOptions, defaultOptions } from './options.ts';
export type { Clock, ClusterNodePorts, Log, LogFields, Random, Timer, Timers, Transport } from './ports.ts';
export { mayBeSpentLater } from './purge/spent-records.ts';
export { PurgeRound, type PurgePlan, type PurgeRoundDependencies } from './purge/purge-round.ts';
export type { PurgeDebt } from './purge/purger.ts';
export { Watermarks, type WatermarksDependencies } from './purge/watermarks.ts';
export { RangeTree, type VersionChange, type WriteNote } from './repair/range-tree.ts';
export type {
  ChangeRequest,
  ChangeResult,
  DeleteRequest,
  FoundValue,
  GetRequest,
  GetResult,
  PutRequest,
  PutResult,
  RequestOptions,
} from './requests.ts';
export type { RepairDebt } from './repair/repairer.ts';
export type { ScanEntry, ScanRequest, ScanResult } from './scan/scan-request.ts';
export type { MemberStatus, NodeStatus } from './status.ts';
export { defaultStrategies, type SiblingStrategies, type Strategies } from './strategies.ts';
export type { KeyspaceSettings, NamedKeyspace } from './topology/keyspace-settings.ts';
export type { Topology, TopologySource } from './topology/topology.ts';
export { rememberedId } from './topology/remembered-id.ts';
export type { Refreshed } from './topology/topology-refresher.ts';
export type { TopologyChangeResult } from './topology/topology-changer.ts';
export type { KeyspaceChangeRequest } from './topology/topology-service.ts';
export {
  checkTopologyConfig,
  type KeyspaceConfig,
  type MemberConfig,
  type TopologyConfig,
} from './topology/topology-config.ts';
