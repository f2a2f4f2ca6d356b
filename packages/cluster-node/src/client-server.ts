/** Serves the frames of clients: each request becomes one of the coordinator's, and its result one frame back. */
import type { HybridLogicalClock } from '@kv/quorum';
import type { Codec } from '@kv/lsm-storage/core';
import {
  type ConflictRule,
  encodeFrame,
  encodeRecordMeta,
  type FoundSibling,
  type Frame,
  type FrameHeader,
  type Get,
  type Message,
  type Scan,
  type ScannedEntry,
  type PutSibling,
  valueCodecs,
} from '@kv/wire';
import { Admission, type AdmissionOptions, overheadBytes } from './admission/admission.ts';
import type { BudgetShare, ClientBudget } from './admission/byte-budget.ts';
import type { ClusterNode } from './cluster-node.ts';
import { changeReply, changeRequest } from './change-messages.ts';
import type { Coordinator, Refused } from './coordinator/coordinator.ts';
import type { StoredReadResult } from './coordinator/read-driver.ts';
import { maxTimeoutMs } from './coordinator/request-checks.ts';
import type { Counters } from './counters.ts';
import { RequestError } from './errors.ts';
import type { ClusterNodeOptions } from './options.ts';
import { checkPlain } from './check-plain.ts';
import { openRecord } from './record.ts';
import type { Clock } from './ports.ts';
import type { FoundValue, GetResult, PutResult, RequestOptions } from './requests.ts';
import type { ScanEntry, ScanRequest, ScanResult } from './scan/scan-request.ts';
import type { Scanner } from './scan/scanner.ts';
import { mostReplicas } from './topology/keyspace-settings.ts';
import type { Topology } from './topology/topology.ts';
import type { TopologyChangeResult } from './topology/topology-changer.ts';

export interface ClientServerDependencies {
  readonly coordinator: Coordinator;
  readonly scanner: Scanner;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly codec: Codec;
  readonly counters: Counters;
  readonly options: Pick<ClusterNodeOptions, 'requestTimeoutMs'> & AdmissionOptions;
  readonly changeKeyspace: ClusterNode['changeKeyspace'];
  readonly refresh: ClusterNode['refreshTopology'];
  readonly topology: () => Topology;
}

/** Sends an answer to a client; `left` is to be called once it has left this process, or never will. */
export type Reply = (frame: Uint8Array, left: () => void) => void;

export class ClientServer {
  readonly admission: Admission;
  readonly #dependencies: ClientServerDependencies;

  constructor(dependencies: ClientServerDependencies) {
    this.#dependencies = dependencies;
    this.admission = new Admission(dependencies.options, dependencies.counters);
  }

  /** @param bytes of the frame */
  serve({ header, message }: Frame, bytes: number, reply: Reply, client: ClientBudget): void {
    let share: BudgetShare | undefined;
    const send = (frame: Uint8Array): void => reply(frame, () => share?.giveBack());
    const refuse = ({ code, message }: RequestError): void => {
      const { counters } = this.#dependencies;
      counters.requestsRefused += 1;
      const frame = this.#encode(header, { type: 'error', code, message });
      share?.force(overheadBytes + frame.length);
      send(frame);
    };
    const refuseWith = (error: unknown): void => {
      if (!(error instanceof RequestError)) throw error;
      refuse(error);
    };
    const answer = (answered: Message): void => {
      const frame = this.#encode(header, answered);
      const refusal = share && this.#account(share, message, frame.length);
      if (refusal === undefined) send(frame);
      else refuse(refusal);
    };
    try {
      share = this.#admit(header, message, bytes, client);
    } catch (error) {
      return refuseWith(error);
    }
    const handle = (): void => {
      try {
        this.#handle(header, message, answer, refuse);
      } catch (error) {
        refuseWith(error);
      }
    };
    if (this.#isKnown(header)) return handle();
    this.#dependencies.refresh((unheard) => {
      if (unheard === undefined || this.#isKnown(header)) handle();
      else refuse(unheard);
    });
  }

  /** Of what concerns no keyspace the id is 0. */
  #isKnown({ keyspaceId }: FrameHeader): boolean {
    return keyspaceId === 0 || this.#dependencies.topology().keyspaceById(keyspaceId) !== undefined;
  }

  /** `undefined`: it holds nothing worth counting. @throws RequestError BUSY */
  #admit({ keyspaceId }: FrameHeader, { type }: Message, bytes: number, client: ClientBudget): BudgetShare | undefined {
    switch (type) {
      case 'get':
      case 'get-siblings':
        return this.admission.read(client);
      case 'scan':
        return this.admission.scan(client);
      case 'put':
      case 'delete':
      case 'change':
      case 'put-sibling': {
        const copies = this.#dependencies.topology().keyspaceById(keyspaceId)?.replicas ?? mostReplicas;
        return this.admission.write(client, bytes, copies);
      }
      default:
        return undefined;
    }
  }

  /** What a write came to must be told; what was read need not be, where there is no room to tell it. */
  #account(share: BudgetShare, { type }: Message, bytes: number): RequestError | undefined {
    if (type === 'get' || type === 'get-siblings') return this.admission.brought(share, bytes);
    share.force(overheadBytes + bytes);
    return undefined;
  }

  #handle(header: FrameHeader, message: Message, answer: (message: Message) => void, refuse: Refused): void {
    const { coordinator } = this.#dependencies;
    switch (message.type) {
      case 'get': {
        const common = this.#common(header, message.key, 'last-write-wins');
        const request = { ...common, r: message.r, sloppy: message.sloppy };
        coordinator.getStored(request, (result, nowMs) => answer(this.#readReply(message, result, nowMs)), refuse);
        return;
      }
      case 'put': {
        checkPlain(message);
        const { value, contentType, ttlMs, w, version, sloppy } = message;
        const common = this.#common(header, message.key, 'last-write-wins');
        const request = { ...common, value, contentType, ttlMs, w, version, sloppy };
        coordinator.put(request, (result) => answer(writeReply(result)), refuse);
        return;
      }
      case 'delete': {
        const { w, version, sloppy } = message;
        const request = { ...this.#common(header, message.key, 'last-write-wins'), w, version, sloppy };
        coordinator.delete(request, (result) => answer(writeReply(result)), refuse);
        return;
      }
      case 'scan':
        this.#dependencies.scanner.scan(this.#scanRequest(header, message), (result) => answer(scanReply(result)));
        return;
      case 'change': {
        const request = changeRequest(message, this.#common(header, message.key, 'last-write-wins'));
        coordinator.change(request, (result) => answer(changeReply(result, message.wantCurrent)), refuse);
        return;
      }
      case 'get-siblings': {
        const request = { ...this.#common(header, message.key, 'siblings'), r: message.r };
        coordinator.get(request, (result) => answer(siblingsReply(result)), refuse);
        return;
      }
      case 'put-sibling':
        this.#putSibling(this.#common(header, message.key, 'siblings'), message, answer, refuse);
        return;
      case 'topology-request':
        answer({ type: 'topology', ...this.#dependencies.topology().state });
        return;
      case 'change-keyspace': {
        const { id, change } = message;
        const timeoutMs = this.#changeTimeout(header);
        this.#dependencies.changeKeyspace({ id, change, timeoutMs }, (result) => answer(keyspaceReply(result)));
        return;
      }
      default:
        throw new RequestError('NOT_SUPPORTED', `a client may not send ${message.type}`);
    }
  }

  /** No request has more than {@link maxTimeoutMs}, and a timer of more than 2^31 - 1 ms would end at once. */
  #changeTimeout({ deadlineMs }: FrameHeader): number {
    return Math.min(deadlineMs === 0 ? this.#dependencies.options.requestTimeoutMs : deadlineMs, maxTimeoutMs);
  }

  #putSibling(common: RequestOptions, message: PutSibling, answer: (message: Message) => void, refuse: Refused): void {
    const { coordinator } = this.#dependencies;
    const { content, context, version, w } = message;
    const request = { ...common, context, version, w };
    const done = (result: PutResult): void => answer(writeReply(result));
    if (content === undefined) {
      coordinator.delete(request, done, refuse);
    } else {
      checkPlain(content);
      coordinator.put({ ...request, value: content.value, contentType: content.contentType }, done, refuse);
    }
  }

  /** A client asks by the messages of the keyspace's conflict rule: it must know that there may be siblings. */
  #common(header: FrameHeader, key: Uint8Array, conflict: ConflictRule): RequestOptions {
    const terms = this.#terms(header);
    const keyspace = this.#dependencies.topology().keyspaceById(header.keyspaceId);
    if (keyspace !== undefined && keyspace.conflict !== conflict) {
      throw new RequestError('NOT_SUPPORTED', `keyspace ${keyspace.name} is of the rule ${keyspace.conflict}`);
    }
    return { ...terms, key };
  }

  #terms({ keyspaceId, deadlineMs }: FrameHeader): { keyspace: string; timeoutMs: number | undefined } {
    const keyspace = this.#dependencies.topology().keyspaceById(keyspaceId);
    if (keyspace === undefined)
      throw new RequestError('UNKNOWN_KEYSPACE', `there is no keyspace with id ${keyspaceId}`);
    return { keyspace: keyspace.name, timeoutMs: deadlineMs === 0 ? undefined : deadlineMs };
  }

  #scanRequest(header: FrameHeader, { type: _, ...bounds }: Scan): ScanRequest {
    return { ...this.#terms(header), ...bounds };
  }

  #readReply({ want }: Get, result: StoredReadResult, nowMs: number): Message {
    const { receipt, outcome } = result;
    if (outcome === 'absent') return { type: 'get-reply', found: 'absent', receipt };
    if (outcome !== 'found') return { type: 'read-failed', outcome, receipt };
    const opened = openRecord(result.value, this.#dependencies.codec, nowMs);
    if (opened === undefined) return { type: 'get-reply', found: 'absent', meta: result.value.meta, receipt };
    const meta = encodeRecordMeta(opened.meta);
    return { type: 'get-reply', found: 'found', meta, ...(want === 'value' && { value: opened.value }), receipt };
  }

  #encode({ operationId, keyspaceId }: FrameHeader, message: Message): Uint8Array {
    const { clock, hlc, topology } = this.#dependencies;
    const stamp = hlc.read(clock.wallMs());
    return encodeFrame({ operationId, keyspaceId, deadlineMs: 0, epoch: topology().epoch, stamp }, message);
  }
}

function keyspaceReply(result: TopologyChangeResult): Message {
  switch (result.outcome) {
    case 'changed': {
      const { topology, behind } = result;
      return behind.length === 0 ? { type: 'topology', ...topology } : { type: 'topology-behind', topology, behind };
    }
    case 'refused':
      return { type: 'error', code: result.error.code, message: result.error.message };
    case 'unavailable':
      return {
        type: 'error',
        code: 'TOO_FEW_VOTERS',
        message: 'too few of the voters can be reached; nothing was changed',
      };
    case 'unknown':
      return { type: 'error', code: 'CHANGE_UNKNOWN', message: 'the change may be decided, now or later' };
  }
}

function scanReply(result: ScanResult): Message {
  if (result.outcome !== 'page') return { type: 'read-failed', outcome: result.outcome, receipt: result.receipt };
  const { entries, cursor } = result;
  return { type: 'scan-reply', entries: entries.map(scannedEntry), ...(cursor !== undefined && { cursor }) };
}

function scannedEntry({ key, version, contentType, length, deadline, value }: ScanEntry): ScannedEntry {
  const plain = { codec: valueCodecs.plain, rawLength: length, contentType };
  const meta = encodeRecordMeta({ kind: 'value', version, ...plain, ...(deadline !== undefined && { deadline }) });
  return value === undefined ? { key, meta } : { key, meta, value };
}

function siblingsReply(result: GetResult): Message {
  const { receipt } = result;
  switch (result.outcome) {
    case 'siblings':
      return { type: 'siblings', siblings: result.siblings.map(plainSibling), context: result.context, receipt };
    case 'found': {
      const { context } = result;
      return { type: 'siblings', siblings: [plainSibling(result)], ...(context && { context }), receipt };
    }
    case 'absent': {
      const { version, context } = result;
      return { type: 'siblings', siblings: [], ...(version && { version }), ...(context && { context }), receipt };
    }
    default:
      return { type: 'read-failed', outcome: result.outcome, receipt };
  }
}

function plainSibling({ version, contentType, value }: FoundValue): FoundSibling {
  return { version, contentType, codec: valueCodecs.plain, rawLength: value.length, value };
}

function writeReply({ outcome, version, winner, certain, reason, receipt }: PutResult): Message {
  const optional = { ...(winner !== undefined && { winner }), ...(reason !== undefined && { reason }) };
  return { type: 'write-reply', outcome, version, certain, receipt, ...optional };
}
