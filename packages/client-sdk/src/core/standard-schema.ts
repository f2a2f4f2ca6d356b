/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that a typed keyspace needs: zod, valibot, arktype
 * and others are such schemas. Declared here, so that none of them is a dependency.
 */
import { KvError } from './errors.ts';

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input'];
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output'];

/** @throws KvError SCHEMA whose message names every issue and whose cause holds them */
export async function validate<Output>(schema: StandardSchema<unknown, Output>, value: unknown): Promise<Output> {
  const result = await resultOf(schema, value);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(describe);
  throw new KvError('SCHEMA', `the value does not fit the keyspace's schema: ${issues.join('; ')}`, {
    cause: result.issues,
  });
}

/** A validator that throws or says nothing instead of telling issues is a defect of the schema, and told as one. */
async function resultOf<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<SchemaResult<Output>> {
  let cause: unknown;
  try {
    const result: unknown = await schema['~standard'].validate(value);
    if (typeof result === 'object' && result !== null) return result as SchemaResult<Output>;
    cause = new TypeError(`a schema judges with an object, got ${String(result)}`);
  } catch (thrown) {
    cause = thrown;
  }
  throw new KvError('SCHEMA', "the keyspace's schema failed instead of judging the value", { cause });
}

function describe({ message, path = [] }: SchemaIssue): string {
  const place = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.');
  return place === '' ? message : `${place}: ${message}`;
}
