/** An OpenAPI 3.1 document as far as a fuzzer reads it: which requests there are, and what may be answered to each. */

/** A JSON schema (2020-12), as far as values are made of it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Content {
  /** `application/json`, or a range such as `*` + `/*`. */
  readonly mediaType: string;
  readonly schema: Schema | undefined;
  /** JSON pointer of the schema within the document. */
  readonly pointer: string;
}

export interface Operation {
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  /** With braces: `/v1/keyspaces/{keyspace}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Content[];
  /** What may be answered, by status. */
  readonly answers: ReadonlyMap<number, readonly Content[]>;
}

interface RawOperation {
  readonly operationId?: string;
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content?: Record<string, { readonly schema?: Schema }> };
  readonly responses?: Record<string, { readonly content?: Record<string, { readonly schema?: Schema }> }>;
}

const methods = ['get', 'put', 'post', 'patch', 'delete'] as const;

export class ApiDocument {
  readonly json: Readonly<Record<string, unknown>>;
  readonly operations: readonly Operation[];

  constructor(json: Readonly<Record<string, unknown>>) {
    this.json = json;
    const paths = json['paths'] as Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
    this.operations = Object.entries(paths).flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const raw = item[method];
        return raw === undefined ? [] : [this.#read(path, method, raw)];
      }),
    );
  }

  /** The schema itself, where it is a reference into the document. */
  resolve(schema: Schema): Schema {
    return schema.$ref === undefined ? schema : this.resolve(this.#at(schema.$ref) as Schema);
  }

  #read(path: string, method: string, raw: RawOperation): Operation {
    const pointer = `/paths/${escapePointer(path)}/${method}`;
    const answers = Object.entries(raw.responses ?? {}).map(([status, { content }]) => {
      return [Number(status), contents(content, `${pointer}/responses/${status}`)] as const;
    });
    const parameters = (raw.parameters ?? []).map((given) =>
      '$ref' in given ? (this.#at(given.$ref) as Parameter) : given,
    );
    return {
      id: raw.operationId ?? `${method} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters,
      body: contents(raw.requestBody?.content, `${pointer}/requestBody`),
      answers: new Map(answers),
    };
  }

  /** @param reference `#/components/schemas/Problem` */
  #at(reference: string): unknown {
    const steps = reference.replace(/^#\//, '').split('/');
    return steps.reduce<unknown>((found, step) => {
      return (found as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
    }, this.json);
  }
}

function contents(content: Record<string, { readonly schema?: Schema }> | undefined, pointer: string): Content[] {
  return Object.entries(content ?? {}).map(([mediaType, { schema }]) => {
    return { mediaType, schema, pointer: `${pointer}/content/${escapePointer(mediaType)}/schema` };
  });
}

function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
