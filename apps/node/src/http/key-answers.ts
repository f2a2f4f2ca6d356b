/** Turns what a coordinator says of a read or a write into the answer over HTTP: status, headers, problem. */
import type { FoundValue, GetResult, PutResult } from '@kv/cluster-node';
import { formatVersion, type Receipt, type Version } from '@kv/quorum';
import { diskIsFullEverywhere } from './full-disks.ts';
import { Problem, type ProblemCode } from './problem-details.ts';
import { deadlineText } from './time-to-live.ts';
import { receiptHeader, type ReceiptView, viewReceipt } from './receipt-header.ts';

export type NameOf = (id: string) => string;

type FoundResult = Extract<GetResult, { outcome: 'found' }>;

export interface FoundAnswer {
  readonly status: 200 | 300;
  readonly headers: Record<string, string>;
  readonly value: Uint8Array;
}

/** @throws Problem when there is no value to answer with */
export function readAnswer(result: GetResult, nameOf: NameOf): FoundAnswer {
  const view = viewReceipt(result.receipt, nameOf);
  const headers = outcomeHeaders(result.outcome, view);
  switch (result.outcome) {
    case 'found':
      return {
        status: 200,
        headers: { ...headers, ...valueHeaders(result), ...contextHeader(result.context) },
        value: result.value,
      };
    case 'siblings':
      return {
        status: 300,
        headers: { ...headers, ...siblingHeaders, ...contextHeader(result.context) },
        value: siblingsBody(result.siblings, result.context),
      };
    case 'absent': {
      const version = result.version && { 'kv-version': formatVersion(result.version) };
      throw new Problem('KEY_NOT_FOUND', 'the key was never written, or it was deleted or has expired', {
        headers: { ...headers, ...version, ...contextHeader(result.context) },
      });
    }
    case 'unavailable':
    case 'repair-incomplete':
    case 'timed-out':
      throw readFailure(result.outcome, result.receipt, nameOf);
  }
}

/** A read that could not be answered within its promise. */
export function readFailure(outcome: keyof typeof readProblems, receipt: Receipt, nameOf: NameOf): Problem {
  const view = viewReceipt(receipt, nameOf);
  return new Problem(readProblems[outcome], readDetail(outcome, view), {
    headers: outcomeHeaders(outcome, view),
    members: { outcome, needed: view.needed, got: view.got, receipt: view },
  });
}

/**
 * The headers of a write that is durable: the `ETag` names the version that the key has now, if it has one and not several.
 * @throws Problem for a write that is not, or of which nobody knows
 */
export function writeHeaders(result: PutResult, nameOf: NameOf): Record<string, string> {
  const { outcome, version, winner } = result;
  const view = viewReceipt(result.receipt, nameOf);
  const headers: Record<string, string> = {
    ...outcomeHeaders(outcome, view),
    'kv-version': formatVersion(version),
    ...(result.deadline !== undefined && { 'kv-deadline': deadlineText(result.deadline) }),
  };
  if (outcome === 'applied' || outcome === 'superseded') {
    const { siblings } = result;
    if (siblings !== undefined) headers['kv-siblings'] = String(siblings);
    return siblings === undefined || siblings === 1 ? { ...headers, etag: etag(winner ?? version) } : headers;
  }
  throw new Problem(writeProblem(result.reason, result.receipt), writeDetail(result, view), {
    headers,
    members: { outcome, version: formatVersion(version), needed: view.needed, got: view.got, receipt: view },
  });
}

export function etag(version: Version): string {
  return `"${formatVersion(version)}"`;
}

const readProblems = {
  unavailable: 'TOO_FEW_REPLICAS',
  'repair-incomplete': 'REPAIR_INCOMPLETE',
  'timed-out': 'DEADLINE_PASSED',
} as const satisfies Record<string, ProblemCode>;

/** A browser that is pointed at a stored page must not run it as if this node had written it. */
function valueHeaders({ contentType, version, deadline }: FoundResult): Record<string, string> {
  return {
    'content-type': contentType,
    etag: etag(version),
    ...(deadline !== undefined && { 'kv-deadline': deadlineText(deadline) }),
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  };
}

const siblingHeaders = {
  'content-type': 'application/json',
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
};

/** All of them, for who reconciles them: values in base64, since they may be any bytes. */
function siblingsBody(siblings: readonly FoundValue[], context: Uint8Array): Uint8Array {
  const shown = siblings.map(({ version, contentType, value }) => {
    return { version: formatVersion(version), contentType, value: Buffer.from(value).toString('base64') };
  });
  return Buffer.from(`${JSON.stringify({ siblings: shown, context: contextText(context) })}\n`);
}

function contextHeader(context: Uint8Array | undefined): Record<string, string> {
  return context === undefined ? {} : { 'kv-context': contextText(context) };
}

function contextText(context: Uint8Array): string {
  return Buffer.from(context).toString('base64url');
}

function outcomeHeaders(outcome: string, view: ReceiptView): Record<string, string> {
  return { 'kv-outcome': outcome, 'kv-receipt': receiptHeader(view) };
}

function readDetail(outcome: keyof typeof readProblems, { needed, got }: ReceiptView): string {
  const counted = `needed ${needed} of the key's replicas to answer, got ${got}`;
  switch (outcome) {
    case 'unavailable':
      return counted;
    case 'timed-out':
      return `${counted} before the deadline`;
    case 'repair-incomplete':
      return `${counted}; but too few replicas held the newest version before the deadline`;
  }
}

function writeProblem(reason: PutResult['reason'], { replicas }: Receipt): ProblemCode {
  switch (reason) {
    case 'too-few-replicas':
    case undefined:
      return 'TOO_FEW_REPLICAS';
    case 'deadline':
      return 'DEADLINE_PASSED';
    case 'refused':
      return diskIsFullEverywhere(replicas) ? 'DISK_FULL' : 'REFUSED';
    case 'too-many-siblings':
      return 'TOO_MANY_SIBLINGS';
    case 'write-too-old':
      return 'WRITE_TOO_OLD';
    case 'invalid-context':
      return 'INVALID_CONTEXT';
  }
}

const siblingDetails: Partial<Record<NonNullable<PutResult['reason']>, string>> = {
  'too-many-siblings':
    'the key has as many siblings as it may: read them, reconcile them, and write with the context of the read',
  'write-too-old':
    'if this write was made before, it may have been replaced or deleted and forgotten since: read the key, and write anew',
  'invalid-context': 'the context names writes that nobody can have made yet',
};

function writeDetail({ outcome, reason }: PutResult, { needed, got }: ReceiptView): string {
  const ofSiblings = reason === undefined ? undefined : siblingDetails[reason];
  if (ofSiblings !== undefined) return ofSiblings;
  const counted = `needed ${needed} of the key's replicas to be durable, got ${got}`;
  const timed = reason === 'deadline' ? `${counted} before the deadline` : counted;
  return outcome === 'unknown' ? `${timed}; the write may have happened` : `${timed}; nothing was written`;
}
