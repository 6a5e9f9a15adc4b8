import { isScalar, type Document, type Scalar } from 'yaml'
import { interpolate, type Environment } from './interpolate.ts'

/** A scalar with its variables filled in. */
export interface Filled {
  readonly value: unknown
  readonly text: string
  readonly faults: ReadonlyArray<{ readonly message: string; readonly offset: number }>
}

/** Fills in a scalar that refers to variables. `source` is the whole file, to find where a fault stands. */
export function fillIn(document: Document.Parsed, source: string, scalar: Scalar, written: string, env: Environment): Filled {
  const { text, faults } = interpolate(written, env)
  const plain = scalar.type === 'PLAIN' && scalar.tag === undefined
  return {
    value: plain ? retype(document, text) : text,
    text,
    faults: faults.map(({ name, index }) => ({
      offset: referenceOffset(source, scalar, index),
      message:
        name === null
          ? '"${" begins no variable here: write ${NAME} or ${NAME:-default}, or $${ for a literal "${"'
          : name === 'INSTANCE'
            ? 'INSTANCE is the number of a service with `instances:`; this is none, and the environment has no such variable'
            : `the environment variable ${name} is not set; set it, or give a default: \${${name}:-default}`,
    })),
  }
}

/** A plain scalar has the type that its text, once filled in, would have had in the file. */
function retype(document: Document.Parsed, text: string): unknown {
  const tag = document.schema.tags.find(
    (tag) => tag.default === true && tag.collection === undefined && tag.test?.test(text) === true,
  )
  if (tag?.resolve === undefined) return text
  const resolved = (tag.resolve as (text: string, onError: () => void, options: object) => unknown)(text, () => undefined, {})
  const value = isScalar(resolved) ? resolved.value : resolved
  return typeof value === 'number' || typeof value === 'boolean' ? value : text
}

/** Where the nth `${` of a scalar stands in the file; the start of the scalar when an escape hides it. */
function referenceOffset(source: string, scalar: Scalar, index: number): number {
  const [from, to] = scalar.range ?? [0, 0]
  let at = source.indexOf('${', from)
  for (let i = 0; i < index && at >= 0; i++) at = source.indexOf('${', at + 2)
  return at >= 0 && at < to ? at : from
}
