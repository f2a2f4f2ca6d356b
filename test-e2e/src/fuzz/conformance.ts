/** Whether an answer is one that the API's own description allows. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ApiDocument, Content, Operation } from './api-document.ts';
import type { Answer, Sent } from './exchange.ts';

/** What a server may say when it cannot now; every other 5xx is a defect. */
const allowedFailures: ReadonlySet<number> = new Set([503, 504, 507]);
const problemType = 'application/problem+json';
const documentId = 'openapi';

export class Conformance {
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: ApiDocument) {
    // The document is no schema itself, only the place of many; formats are for people.
    this.#ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    this.#ajv.addSchema({ ...document.json, $id: documentId });
  }

  /** What is wrong with the answer, one sentence each. @param operation undefined for a request that is not described */
  faultsOf(operation: Operation | undefined, sent: Sent, answer: Answer): string[] {
    const faults: string[] = [];
    const { status } = answer;
    if (status >= 500 && !allowedFailures.has(status)) faults.push(`answered ${status}`);
    if (status < 100 || status > 599) faults.push(`answered with the status ${status}`);
    if (status >= 400) faults.push(...this.#problemFaults(sent, answer));
    return operation === undefined ? faults : [...faults, ...this.#described(operation, sent, answer)];
  }

  #described(operation: Operation, sent: Sent, answer: Answer): string[] {
    const { status, headers, body } = answer;
    const contents = operation.answers.get(status);
    if (contents === undefined) return [`the description of ${operation.id} does not name the status ${status}`];
    if (sent.method === 'HEAD') return body.length === 0 ? [] : ['an answer to HEAD has a body'];
    if (contents.length === 0) return body.length === 0 ? [] : [`${status} has a body, which is not described`];
    const given = headers['content-type'] ?? '';
    const content = contents.find(({ mediaType }) => isOfType(given, mediaType));
    if (content === undefined) {
      const known = contents.map(({ mediaType }) => mediaType).join(', ');
      return [`${status} has the content type ${JSON.stringify(given)}, described as ${known}`];
    }
    return isJson(content.mediaType) ? this.#jsonFaults(content, body) : [];
  }

  /** Whatever went wrong is told as a problem (RFC 9457), also where no route is. */
  #problemFaults(sent: Sent, { status, headers, body }: Answer): string[] {
    const given = headers['content-type'] ?? '';
    if (!isOfType(given, problemType)) return [`${status} has the content type ${JSON.stringify(given)}`];
    if (sent.method === 'HEAD') return [];
    const faults = this.#jsonFaults({ pointer: '/components/schemas/Problem' }, body);
    if (faults.length > 0) return faults;
    const told = (JSON.parse(body.toString()) as { status: number }).status;
    return told === status ? [] : [`${status} tells of the status ${told}`];
  }

  #jsonFaults({ pointer }: Pick<Content, 'pointer'>, body: Buffer): string[] {
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch {
      return [`the body is not JSON: ${JSON.stringify(body.toString('latin1').slice(0, 100))}`];
    }
    const validate = this.#validatorOf(pointer);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '' }) => `the body at ${instancePath || '/'} ${message}`,
    );
  }

  #validatorOf(pointer: string): ValidateFunction {
    const known = this.#validators.get(pointer);
    if (known !== undefined) return known;
    const validate = this.#ajv.compile({ $ref: `${documentId}#${encodeURI(pointer)}` });
    this.#validators.set(pointer, validate);
    return validate;
  }
}

/** @param range `text/plain`, `text/*` or `*` + `/*` */
function isOfType(given: string, range: string): boolean {
  const [type = '', subtype = ''] = (given.split(';', 1)[0] ?? '').trim().toLowerCase().split('/');
  const [wantedType = '', wantedSubtype = ''] = range.toLowerCase().split('/');
  return (wantedType === '*' || wantedType === type) && (wantedSubtype === '*' || wantedSubtype === subtype);
}

function isJson(mediaType: string): boolean {
  return /^application\/(.+\+)?json$/.test(mediaType);
}
