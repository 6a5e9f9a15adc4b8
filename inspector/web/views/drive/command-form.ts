import { HyphaeError } from '../../../../src/client/browser.ts'
import type { Inspector } from '../../model/inspector.ts'
import { type Field, fieldOf, isSchema, without } from './form-fields.ts'

/** What commands take, out of the API's own document; it is read once, when the first form needs it. */

const documents = new WeakMap<Inspector, Promise<unknown>>()

function documentOf(inspector: Inspector): Promise<unknown> {
  const known = documents.get(inspector)
  if (known !== undefined) return known
  const asked = inspector.fetch('/openapi.json').then(async (answer): Promise<unknown> => {
    if (!answer.ok) throw new HyphaeError('unavailable', `/openapi.json answered with status ${answer.status}`)
    return (await answer.json()) as unknown
  })
  documents.set(inspector, asked)
  asked.catch(() => documents.delete(inspector))
  return asked
}

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((one, step) => (isSchema(one) ? one[step] : undefined), value)

/** How it is waited for and repeated is no matter of whoever fills in the form. */
const ours = ['wait', 'request_id']

export async function commandField(inspector: Inspector, command: string, known: readonly string[] = []): Promise<Field> {
  const path = `/api/v1/${command.replace('.', '/')}`
  const document = await documentOf(inspector)
  const schema = at(document, 'paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema')
  if (!isSchema(schema)) throw new HyphaeError('not_found', `the API's document does not tell what ${command} takes`)
  return without(fieldOf(schema, document), [...ours, ...known])
}
