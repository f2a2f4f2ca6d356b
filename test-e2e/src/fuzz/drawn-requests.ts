/**
 * Requests drawn from the description of an API: as they should be, and wrong in one of the ways in which requests are
 * wrong. What depends on the run (known values, the run's own keys) is filled in when a request is sent.
 */
import fc from 'fast-check';
import { type ApiDocument, type Content, type Operation, type Parameter } from './api-document.ts';
import type { Sent } from './exchange.ts';
import { type DrawnText, drawnTexts, type KnownValues } from './known-values.ts';
import { isOthersName } from './run-names.ts';
import { refusedTextsOf, valuesOf } from './schema-values.ts';

/** How a request is wrong; `right`: it is not. Undefined parameters and values are refused, the rest may be. */
export type Wrong =
  | 'right'
  | 'refused value'
  | 'unknown parameter'
  | 'repeated parameter'
  | 'other method'
  | 'other path'
  | 'strange segment'
  | 'strange headers'
  | 'strange body'
  | 'large body'
  | 'abandoned body';

export interface DrawnParameter {
  readonly parameter: Parameter;
  readonly value: DrawnText;
}

export interface DrawnRequest {
  readonly operation: Operation;
  readonly wrong: Wrong;
  /** In place of the operation's own. */
  readonly method: string;
  readonly path: readonly DrawnParameter[];
  /** Stand in the path in place of the last parameter, or after it, as they are. */
  readonly segment: string | undefined;
  readonly query: readonly DrawnParameter[];
  /** Added to the query as it is, when not empty. */
  readonly extraQuery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly bytes: Uint8Array; readonly chunked: boolean } | undefined;
  /** Which node is asked. */
  readonly node: number;
}

/** Names that the runs share out among themselves, so that each has keys of its own. */
export interface Naming {
  readonly known: KnownValues;
  readonly prefix: string;
  /** Paths under whose last name something is stored: each run stores under names of its own. */
  readonly storing: ReadonlySet<string>;
}

/** How many own values each path parameter has in one run. Few, so that requests meet. */
const ownValues = 2;
const mostBodyBytes = 2000;
const largeBodyBytes = { least: 900_000, most: 1_300_000 };

/** Sequences that are mostly about one path: its requests meet what its others left. */
export function drawnSequences(document: ApiDocument, longest: number): fc.Arbitrary<DrawnRequest[]> {
  const any = drawnRequests(document, document.operations);
  const sequences = [...new Set(document.operations.map(({ path }) => path))].map((path) => {
    const ofPath = document.operations.filter((operation) => operation.path === path);
    const request = fc.oneof({ weight: 4, arbitrary: drawnRequests(document, ofPath) }, { weight: 1, arbitrary: any });
    const arbitrary = fc.array(request, { minLength: 1, maxLength: longest, size: 'max' });
    return { weight: weightOf(ofPath), arbitrary };
  });
  return fc.oneof(...sequences);
}

function drawnRequests(document: ApiDocument, operations: readonly Operation[]): fc.Arbitrary<DrawnRequest> {
  return fc.oneof(
    ...operations.map((operation) => ({ weight: weightOf([operation]), arbitrary: requestsOf(document, operation) })),
  );
}

/** What takes parameters has more ways to go wrong. */
function weightOf(operations: readonly Operation[]): number {
  return operations.reduce((sum, { parameters }) => sum + 1 + 3 * parameters.length, 0);
}

/** The request as it is sent, with the values of one run. */
export function spell(request: DrawnRequest, naming: Naming): Sent {
  const { headers, body } = request;
  const target = spellTarget(request, naming);
  const method = methodFor(request.method, target);
  const abandoned = request.wrong === 'abandoned body';
  return { method, target, headers, body: body?.bytes, chunked: body?.chunked ?? false, abandoned };
}

/** What is no HTTP is refused before anybody knows that it was a HEAD, with the body that a HEAD must not get. */
function methodFor(method: string, target: string): string {
  return method === 'HEAD' && /[^ -~]/.test(target) ? 'GET' : method;
}

function spellTarget({ operation, path, segment, query, extraQuery }: DrawnRequest, naming: Naming): string {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const drawn = path.map((each) => {
    const isStoring = naming.storing.has(operation.path) && each.parameter.name === names.at(-1);
    return isStoring && isOthersName(spelled(each, naming), naming.prefix) ? ownInstead(each) : each;
  });
  const byName = new Map(drawn.map((each) => [each.parameter.name, spelled(each, naming)]));
  const target = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (segment !== undefined && name === names.at(-1)) return segment;
    return encodeURIComponent(byName.get(name) ?? '');
  });
  const last = drawn.at(-1);
  const own = last === undefined ? undefined : ownText(last.value, byName.get(last.parameter.name));
  const pairs = query.map((each) => {
    const text = each.value.repeatsPath === true && own !== undefined ? own : spelled(each, naming);
    return `${encodeURIComponent(each.parameter.name)}=${encodeURIComponent(text)}`;
  });
  const all = [...pairs, ...(extraQuery === '' ? [] : [extraQuery])].join('&');
  const whole = segment !== undefined && names.length === 0 ? `${target}${segment}` : target;
  return all === '' ? whole : `${whole}${whole.includes('?') ? '&' : '?'}${all}`;
}

function spelled({ parameter: { name, in: place }, value }: DrawnParameter, { known, prefix }: Naming): string {
  const knownText = value.known === undefined ? undefined : known.pick(name, value.known);
  // What nobody knows yet is named by the run itself.
  return knownText ?? (place === 'path' ? `${prefix}${value.text}` : value.text);
}

function ownInstead(drawn: DrawnParameter): DrawnParameter {
  return { ...drawn, value: { ...drawn.value, known: undefined } };
}

/** The name, if this run made it. */
function ownText({ known }: DrawnText, spelled: string | undefined): string | undefined {
  return known === undefined ? spelled : undefined;
}

function requestsOf(document: ApiDocument, operation: Operation): fc.Arbitrary<DrawnRequest> {
  const right = rightRequests(document, operation);
  const wrongs = Object.entries(wrongRequests(document, operation, right));
  const wrong = wrongs.map(([name, arbitrary]) => arbitrary.map((request) => ({ ...request, wrong: name as Wrong })));
  return fc.oneof({ weight: 10, arbitrary: right }, ...wrong.map((arbitrary) => ({ weight: 1, arbitrary })));
}

function rightRequests(document: ApiDocument, operation: Operation): fc.Arbitrary<DrawnRequest> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
  const head = operation.method === 'GET' ? fc.constantFrom('GET', 'GET', 'HEAD') : fc.constant(operation.method);
  const own = fc.nat(ownValues - 1).map(String);
  return fc.record({
    operation: fc.constant(operation),
    wrong: fc.constant<Wrong>('right'),
    method: head,
    path: fc.tuple(
      ...inPath.map((parameter, index) => {
        // What a path ends with is what is made, and made anew; what stands before it is better there already.
        return drawnParameter(parameter, drawnTexts(own, index === inPath.length - 1 ? 0.5 : 0.9));
      }),
    ),
    segment: fc.constant(undefined),
    query: fc.tuple(...inQuery.map((parameter) => optionalParameter(document, parameter))).map((drawn) => drawn.flat()),
    extraQuery: fc.constant(''),
    headers: headersOf(operation),
    body: bodiesOf(document, operation.body),
    node: fc.nat(),
  });
}

function drawnParameter(parameter: Parameter, value: fc.Arbitrary<DrawnText>): fc.Arbitrary<DrawnParameter> {
  return fc.record({ parameter: fc.constant(parameter), value });
}

function optionalParameter(document: ApiDocument, parameter: Parameter): fc.Arbitrary<DrawnParameter[]> {
  const texts = valuesOf(document, parameter.schema).map((value) => {
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  const values = fc.oneof(
    { weight: 1, arbitrary: drawnTexts(texts, 0.5) },
    { weight: 1, arbitrary: drawnTexts(texts, 0).map((drawn) => ({ ...drawn, repeatsPath: true })) },
  );
  const isText =
    document.resolve(parameter.schema).type === 'string' && document.resolve(parameter.schema).enum === undefined;
  const drawn = drawnParameter(parameter, isText ? values : drawnTexts(texts, 0.5)).map((one) => [one]);
  if (parameter.required === true) return drawn;
  return fc.oneof({ weight: 4, arbitrary: fc.constant<DrawnParameter[]>([]) }, { weight: 1, arbitrary: drawn });
}

function headersOf({ body }: Operation): fc.Arbitrary<Record<string, string>> {
  const [first] = body;
  if (first === undefined) return fc.constant({});
  if (first.mediaType !== '*/*') return fc.constant({ 'content-type': first.mediaType });
  return fc.constantFrom('text/plain', 'application/json', 'image/png', 'application/octet-stream').map((type) => {
    return { 'content-type': type };
  });
}

function bodiesOf(document: ApiDocument, contents: readonly Content[]): fc.Arbitrary<DrawnRequest['body']> {
  const [content] = contents;
  if (content === undefined) return fc.constant(undefined);
  const isJson = /json/.test(content.mediaType) && content.schema !== undefined;
  const bytes = isJson
    ? valuesOf(document, content.schema ?? {}).map((value) => Buffer.from(JSON.stringify(value)))
    : fc.uint8Array({ maxLength: mostBodyBytes });
  return fc.record({ bytes, chunked: fc.boolean() });
}

/** Each way of being wrong that the operation has. */
function wrongRequests(
  document: ApiDocument,
  operation: Operation,
  right: fc.Arbitrary<DrawnRequest>,
): Partial<Record<Wrong, fc.Arbitrary<DrawnRequest>>> {
  const changed = <Key extends keyof DrawnRequest>(key: Key, values: fc.Arbitrary<DrawnRequest[Key]>) =>
    fc.tuple(right, values).map(([request, value]): DrawnRequest => ({ ...request, [key]: value }));
  const refused = operation.parameters.flatMap((parameter) => {
    const texts = parameter.in === 'query' ? refusedTextsOf(document, parameter.schema) : undefined;
    return texts === undefined ? [] : [drawnParameter(parameter, drawnTexts(texts, 0)).map((one) => [one])];
  });
  const query = operation.parameters.filter((parameter) => parameter.in === 'query');
  const hasPath = operation.parameters.some((parameter) => parameter.in === 'path');
  return {
    ...(refused.length > 0 && { 'refused value': changed('query', fc.oneof(...refused)) }),
    'unknown parameter': changed(
      'extraQuery',
      fc.tuple(names, queryTexts).map(([name, text]) => `x-${name}=${text}`),
    ),
    ...(query.length > 0 && {
      'repeated parameter': changed(
        'extraQuery',
        fc.constantFrom(...query).map(({ name }) => `${name}=1&${name}=2`),
      ),
    }),
    'other method': changed('method', fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND')),
    'other path': changed(
      'segment',
      fc.tuple(fc.constantFrom('/', '//', '/x/', '..', '%'), segments).map((parts) => parts.join('')),
    ),
    ...(hasPath && { 'strange segment': changed('segment', segments) }),
    'strange headers': changed('headers', strangeHeaders),
    'strange body': changed('body', strangeBodies),
    ...(operation.body.length > 0 && {
      'large body': changed('body', largeBodies),
      'abandoned body': changed('body', abandonedBodies),
    }),
  };
}

const names = fc.stringMatching(/^[a-z]{1,8}$/);
const queryTexts = fc.oneof(
  fc.string().map(encodeURIComponent),
  fc.constantFrom('', '%', '%zz', '%ff', '&&', '=', '+'),
);

/** One path segment as it stands in a request line: any bytes that an HTTP client would let through. */
const segments: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => encodeURIComponent(text)),
  fc
    .uint8Array({ maxLength: 60 })
    .map((bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')),
  fc
    .uint8Array({ minLength: 1, maxLength: 60 })
    .map((bytes) => `${Buffer.from(bytes).toString('base64url')}?encoding=base64url`),
  fc.stringMatching(/^[!-~\u0080-\u00ff]{0,40}$/),
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    'a/b',
    '%00',
    '%',
    '%e',
    '%C3',
    '~',
    '*',
    '\\',
    '#',
    ';',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom(4095, 4096, 4097, 20_000).map((length) => 'k'.repeat(length)),
);

const strangeHeaders: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'range',
    'content-range',
    'content-encoding',
    'accept',
    'accept-encoding',
    'authorization',
    'cookie',
    'origin',
    'x-http-method-override',
    'x-forwarded-for',
    'te',
  ),
  fc.oneof(
    fc.constantFrom('', '*', '"x"', 'W/"x"', 'gzip', 'bytes=0-1', ',', 'a'.repeat(5000)),
    fc.stringMatching(/^[ -~]{0,60}$/),
  ),
  { minKeys: 1, maxKeys: 5 },
);

const strangeBodies: fc.Arbitrary<DrawnRequest['body']> = fc.record({
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc
      .constantFrom('', '{', 'null', '[]', '{"__proto__":{"x":1}}', `${'['.repeat(5000)}`, '"\ud800"')
      .map((text) => Buffer.from(text)),
  ),
  chunked: fc.boolean(),
});

const abandonedBodies: fc.Arbitrary<DrawnRequest['body']> = fc.record({
  bytes: fc.uint8Array({ minLength: 2, maxLength: mostBodyBytes }),
  chunked: fc.boolean(),
});

const largeBodies: fc.Arbitrary<DrawnRequest['body']> = fc.record({
  bytes: fc.integer({ min: largeBodyBytes.least, max: largeBodyBytes.most }).map((length) => new Uint8Array(length)),
  chunked: fc.boolean(),
});
