/** A part of an OpenAPI 3.1 document. */

export type Schema = Readonly<Record<string, unknown>>

export interface MediaType {
  readonly schema: Schema
  readonly example?: unknown
  /** Of a stream: what the data of one event is. */
  readonly 'x-item-schema'?: Schema
}

export interface Answer {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>
  readonly content?: Readonly<Record<string, MediaType>>
}

export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'header' | 'path'
  readonly description?: string
  readonly required?: boolean
  /** An array is a name that comes several times. */
  readonly schema?: Schema
  /** In place of the schema where the value is a text of that type. */
  readonly content?: Readonly<Record<string, MediaType>>
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly description?: string
    readonly required: boolean
    readonly content: Readonly<Record<string, MediaType>>
  }
  /** By status. */
  readonly responses: Readonly<Record<string, Answer>>
  /** Empty: nothing has to be proved. Without it: as everywhere. */
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
  readonly 'x-permission'?: string
  readonly 'x-kind'?: 'query' | 'mutation' | 'stream'
}

export type Method = 'get' | 'post'

/** What one family of routes gives to the document. */
export interface ApiPart {
  readonly tag: { readonly name: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>
  /** Named schemas, `#/components/schemas/NAME`. */
  readonly schemas?: Readonly<Record<string, Schema>>
}
