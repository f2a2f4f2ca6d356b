/** Everything that can be wrong with a request, as the problem details of RFC 9457: one stable code, one status each. */

/** Frozen: programs compare these codes. Add, never rename. */
export const problemTypes = {
  INVALID_TARGET: { status: 400, title: 'The request target cannot be read' },
  INVALID_ENCODING: { status: 400, title: 'The key is not encoded as it must be' },
  INVALID_PARAMETER: { status: 400, title: 'A query parameter has a value that it cannot have' },
  UNKNOWN_PARAMETER: { status: 400, title: 'There is no such query parameter' },
  INVALID_BODY: { status: 400, title: 'The body ended early' },
  MALFORMED_BODY: { status: 400, title: 'The body is not what it must be' },
  CONFIRMATION_NEEDED: { status: 400, title: 'This must be confirmed' },
  INVALID_KEYSPACE: { status: 400, title: 'There cannot be such a keyspace' },
  KEY_EMPTY: { status: 400, title: 'The key is empty' },
  KEY_TOO_LONG: { status: 400, title: 'The key is too long' },
  INVALID_QUORUM: { status: 400, title: 'The number of replicas asked for cannot be met' },
  INVALID_CONTENT_TYPE: { status: 400, title: 'The content type cannot be stored' },
  INVALID_CONDITION: { status: 400, title: 'The condition of the write cannot be read' },
  INVALID_TTL: { status: 400, title: 'The time to live is not one' },
  INVALID_LIMIT: { status: 400, title: 'The limit is not one that a page can have' },
  INVALID_CURSOR: { status: 400, title: 'The cursor is damaged, or of another scan' },
  INVALID_VALUE: { status: 400, title: 'The value is not written as it must be' },
  INVALID_VERSION: { status: 400, title: 'The version is not one' },
  INVALID_CONTEXT: { status: 400, title: 'The context was not read from this key' },
  INVALID_CHANGE_ID: { status: 400, title: 'The idempotency key is not one' },
  STAMP_TOO_FAR_AHEAD: { status: 400, title: "The version's stamp is too far in the future" },
  NOT_SUPPORTED: { status: 400, title: 'Not supported' },
  NOT_FOUND: { status: 404, title: 'There is nothing at this path' },
  KEY_NOT_FOUND: { status: 404, title: 'The key has no value' },
  UNKNOWN_KEYSPACE: { status: 404, title: 'There is no such keyspace' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The method is not supported here' },
  KEYSPACE_EXISTS: { status: 409, title: 'There is such a keyspace already' },
  KEYSPACE_FIXED: { status: 409, title: 'This of a keyspace cannot change' },
  TOO_MANY_KEYSPACES: { status: 409, title: 'There are too many keyspaces' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  TOO_MANY_SIBLINGS: { status: 409, title: 'The key has too many siblings: read, reconcile, write with the context' },
  WRITE_TOO_OLD: { status: 409, title: 'Whether the write was made before is not known any more' },
  OPERATION_FORGOTTEN: { status: 409, title: 'Whether the change was made before is not known any more' },
  CONDITION_FAILED: { status: 412, title: 'The condition of the write does not hold' },
  ANSWER_TOO_LARGE: { status: 413, title: 'The answer would be too large' },
  VALUE_TOO_LARGE: { status: 413, title: 'The value is too large' },
  HEADER_TOO_LARGE: { status: 431, title: 'The request line and headers are too long' },
  INTERNAL_ERROR: { status: 500, title: 'Something went wrong on this node' },
  NOT_READY: { status: 503, title: 'This node does not serve requests now' },
  BUSY: { status: 503, title: 'Too much waits here already' },
  TOO_FEW_REPLICAS: { status: 503, title: 'Too few replicas can answer' },
  TOO_FEW_VOTERS: { status: 503, title: 'Too few members that decide about the topology can be reached' },
  REFUSED: { status: 503, title: 'Every replica refused' },
  REPAIR_INCOMPLETE: { status: 503, title: 'Too few replicas hold the newest version' },
  DEADLINE_PASSED: { status: 504, title: 'The deadline passed' },
  CHANGE_UNKNOWN: { status: 504, title: 'Nobody knows yet whether the change was made' },
  DISK_FULL: { status: 507, title: 'There is no room on disk' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTypes;

/** Thrown where a request cannot go on; the application turns it into the answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  /** Further members of the answer's object, for programs. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return problemTypes[this.code].status;
  }

  /** The text of the answer: nothing of how this program is made gets into it. */
  toBody(): string {
    const { status, title } = problemTypes[this.code];
    const type = `urn:kv:problem:${this.code}`;
    return `${JSON.stringify({ type, title, status, code: this.code, detail: this.message, ...this.members })}\n`;
  }

  toResponse(): Response {
    const headers = { 'content-type': problemMediaType, ...retryHint(this.status), ...this.headers };
    return new Response(this.toBody(), { status: this.status, headers });
  }
}

export interface ProblemOptions {
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Of a request whose outcome its status would leave open. */
export function withOutcome(outcome: 'rejected' | 'unknown'): ProblemOptions {
  return { members: { outcome }, headers: { 'kv-outcome': outcome } };
}

export const problemMediaType = 'application/problem+json';

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemTypes, code);
}

function retryHint(status: number): Record<string, string> {
  return status === 503 ? { 'retry-after': '1' } : {};
}
