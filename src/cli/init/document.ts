import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Document, isCollection, isMap, isScalar, visit, type Node, type YAMLMap } from 'yaml'
import type { ServicePlan } from './plan.ts'

/** What goes into a new config. */
export interface Draft {
  readonly from: string
  readonly services: readonly ServicePlan[]
  /** In place of the services: a whole block from elsewhere. */
  readonly supervisor: Node | undefined
  /** Where port 3001 is somebody else's. */
  readonly httpPort: number | undefined
}

const more = ` Further fields of a service; hyphae validate checks what you write:
   working_dir: ./app
   env: { NAME: value }
   depends_on: [db]                        started once db is up
   health_check_url: http://127.0.0.1:80/  ready once it answers; started again when it stops answering
   restart_policy: on_failure              or always, never`

/** The schema that an editor can use: the project's own copy, else that of the Hyphae which runs. */
function schemaPath(dir: string): string {
  const local = './node_modules/hyphae/schema/hyphae.schema.json'
  return existsSync(join(dir, local)) ? local : fileURLToPath(new URL('../../../schema/hyphae.schema.json', import.meta.url))
}

/** In a config `${` begins a variable. */
const literal = (text: string): string => text.replaceAll('${', () => '$${')

/** A config as text, with comments. Every text in it is quoted where YAML, also the old one of some editors, needs it. */
export function configText(dir: string, { from, services, supervisor, httpPort }: Draft): string {
  // The compatible form: 1.1 readers take a bare `on` for true.
  const document = new Document({ supervisor: { services: {} } }, { compat: 'yaml-1.1' })
  document.commentBefore = ` yaml-language-server: $schema=${schemaPath(dir)}\n Written by hyphae init, from ${from}.`
  document.comment = more
  const root = document.contents as unknown as YAMLMap
  if (supervisor === undefined) {
    const map = root.getIn(['supervisor', 'services'], true) as YAMLMap
    for (const service of services) map.add(document.createPair(service.name, fieldsOf(service)))
    services.forEach((service, index) => commentOn(map, index, service))
    for (const { value } of map.items) if (isMap(value)) flow(value)
  } else {
    root.set('supervisor', supervisor)
  }
  if (httpPort !== undefined) {
    const why = httpPort === 0 ? 'any free port is taken at the start' : `${httpPort} was free when this was written`
    const pair = document.createPair('http', { port: httpPort })
    if (isScalar(pair.key)) {
      pair.key.commentBefore = ` Port 3001 is MagicTunnel's own; ${why}.`
      pair.key.spaceBefore = true
    }
    root.add(pair)
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

const fieldsOf = ({ command, args, workingDir, env, oneShot, aside }: ServicePlan): Record<string, unknown> => ({
  command: literal(command),
  ...(args.length === 0 ? {} : { args: args.map(literal) }),
  ...(workingDir === undefined ? {} : { working_dir: workingDir }),
  ...(env === undefined ? {} : { env }),
  ...(oneShot === true ? { one_shot: true } : {}),
  ...(aside === undefined ? {} : { autostart: false }),
})

function commentOn(map: YAMLMap, index: number, { comment, aside }: ServicePlan): void {
  const said = [
    ...(comment === undefined ? [] : [comment]),
    ...(aside === undefined ? [] : [`Not started with the fleet: ${aside}.`]),
  ]
  const key = map.items[index]?.key
  if (said.length > 0 && isScalar(key)) key.commentBefore = said.map((line) => ` ${line}`).join('\n')
}

/** What nobody would put in quotes. */
const bare = /^[\w./@%+=:-]+$/

/** Arguments and variables on one line, with quotes around what has more in it than a word. */
function flow(service: YAMLMap): void {
  for (const field of ['args', 'env']) {
    const node: unknown = service.get(field, true)
    if (!isCollection(node)) continue
    node.flow = true
    visit(node, {
      Scalar: (_, scalar) => {
        if (typeof scalar.value === 'string' && !bare.test(scalar.value)) scalar.type = 'QUOTE_SINGLE'
      },
    })
  }
}
