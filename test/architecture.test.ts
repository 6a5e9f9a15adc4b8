import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The import law of docs/architecture.md: who may import whom, and what pure code may not touch. */

const root = resolve(import.meta.dirname, '../src')
const sourcesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
const files = sourcesIn(root)
const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The folder below src/ that a file belongs to; files at the top are layers of their own. */
const layerOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.ts$/, ''))

interface Import {
  readonly from: string
  readonly layer: string
  readonly target: string
  readonly typeOnly: boolean
  /** Loaded only when it is needed. */
  readonly late: boolean
}

function importsOf(file: string): Import[] {
  const found: Import[] = []
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/g
  for (const match of sourceOf(file).matchAll(pattern)) {
    const target = match[2] ?? match[3] ?? ''
    const local = target.startsWith('.') ? relative(root, resolve(root, dirname(file), target)) : target
    found.push({
      from: file,
      layer: target.startsWith('.') ? layerOf(local) : target,
      target: local,
      typeOnly: match[1] !== undefined,
      late: match[3] !== undefined,
    })
  }
  return found
}
const all = files.flatMap(importsOf)
const local = all.filter(({ target }) => target.endsWith('.ts'))

/** layer → the layers of ours that it may import. The composition root is not listed: it sees all of them. */
const law: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  machines: ['protocol'],
  actors: ['protocol'],
  transports: ['protocol'],
  http: ['protocol', 'transports'],
  dialects: ['protocol'],
  store: ['protocol'],
  config: ['protocol'],
  commands: ['protocol'],
  watch: ['protocol'],
  client: ['protocol', 'commands', 'control-socket'],
  admission: ['protocol'],
  gateway: ['protocol', 'commands', 'requests', 'admission'],
  directory: ['protocol', 'announcing'],
  announcing: ['protocol'],
  inspection: ['protocol', 'directory', 'actors'],
  version: [],
}
/** Parts of the composition root, beside orchestrator.ts itself. */
const composition = [
  'orchestrator',
  'options',
  'life',
  'recording',
  'state-dir',
  'boot',
  'delivery',
  'exits',
  'persistence',
  'opening',
  'keeper',
  'requests',
  'faults',
  'fleet-view',
  'groups',
  'ports',
  'streams',
  'actor-stream',
  'fact-stream',
  'log-keeping',
  'log-reading',
  'log-stream',
  'tree',
  'awaiting',
  'index',
  'control-socket',
  'access',
  'logins',
  'sessions',
  'repeats',
  'security',
  'supervisor',
  'surfaces',
  'identity',
  'reloading',
  'switching',
  'verifying',
  'readiness',
  'chosen-mode',
  'schedules',
  'retirement',
  'embed',
  'environment',
  'watching',
  'hooks',
  'hook-payload',
  'banner-stream',
  'log-fields',
  'stream-share',
]

describe('the import law', () => {
  test.each(Object.entries(law))('%s imports only its own and %j', (layer, allowed) => {
    const wrong = local.filter(({ from, layer: to }) => layerOf(from) === layer && to !== layer && !allowed.includes(to))
    expect(wrong.map(({ from, target }) => `${from} → ${target}`)).toEqual([])
  })

  test('every layer has a law', () => {
    const known = new Set([...Object.keys(law), ...composition, 'cli'])
    expect([...new Set(files.map(layerOf))].filter((layer) => !known.has(layer))).toEqual([])
  })

  test('what is served over HTTP takes only types from the transports', () => {
    expect(local.filter(({ from, layer, typeOnly }) => layerOf(from) === 'http' && layer === 'transports' && !typeOnly)).toEqual(
      [],
    )
  })

  test('what HTTP needs is loaded only where a listener asks for it', () => {
    const large = /^(?:hono|@hono|ws)(?:\/|$)|^http\/app\.ts$|^transports\/http\.ts$/
    const early = all.filter(({ typeOnly, late, target }) => !typeOnly && !late && large.test(target))
    expect(new Set(early.map(({ from }) => from))).toEqual(new Set(['http/app.ts', 'transports/http.ts']))
  })

  test('the client takes only types from the commands, so that a browser need not load them', () => {
    expect(local.filter(({ from, layer, typeOnly }) => layerOf(from) === 'client' && layer === 'commands' && !typeOnly)).toEqual(
      [],
    )
  })

  test('only the entry for Node looks for a control socket, and only it and its sockets need Node', () => {
    const ofNode = local.filter(({ from, layer }) => layerOf(from) === 'client' && layer === 'control-socket')
    expect(ofNode.map(({ from }) => from)).toEqual(['client/node.ts'])
    const needing = all.filter(
      ({ from, target }) => layerOf(from) === 'client' && /^node:|^[a-z@]/.test(target) && !target.endsWith('.ts'),
    )
    expect([...new Set(needing.filter(({ typeOnly }) => !typeOnly).map(({ from }) => from))].sort()).toEqual([
      'client/node.ts',
      'client/trusting.ts',
      'client/unix.ts',
    ])
  })

  test('what a browser loads is our own, and has nothing of Node', () => {
    const loaded = new Set<string>()
    const foreign: string[] = []
    const load = (file: string): void => {
      if (loaded.has(file)) return
      loaded.add(file)
      for (const { target, typeOnly } of importsOf(file)) {
        if (typeOnly) continue
        if (target.endsWith('.ts')) load(target)
        else foreign.push(`${file} → ${target}`)
      }
    }
    load('client/browser.ts')
    expect(foreign).toEqual([])
    expect([...loaded]).toContain('client/web-socket.ts')
    for (const file of loaded) expect(sourceOf(file), file).not.toMatch(/\bBuffer\b|\bprocess\.|\bsetImmediate\b|\.unref\(/)
  })

  test('the command line reaches a running system only through the client; only `up` and those that read or write a config see more', () => {
    const allowed = new Set(['cli', 'client', 'protocol', 'version', 'commands', 'control-socket', 'identity'])
    const wrong = local.filter(({ from, layer }) => layerOf(from) === 'cli' && !allowed.has(layer))
    const files = new Set(wrong.map(({ from, layer }) => `${from} → ${layer}`))
    const excused =
      /^cli\/(verbs\/(up|validate|graph)|init\/look|magictunnel\/supervisor|up\/.*|doctor\/.*|state-dir|.*state-folder)\.ts → (orchestrator|options|embed|environment|config|actors|store|state-dir)$/
    expect([...files].filter((one) => !excused.test(one))).toEqual([])
  })

  test('machines are pure: no Node, no clock, no chance, no console', () => {
    const banned =
      /\bnode:|\bDate\b|Math\.random|\bconsole\b|\bsetTimeout\b|\bsetInterval\b|\bfetch\(|\bprocess\.(env|hrtime|pid)\b/
    for (const file of files.filter((one) => layerOf(one) === 'machines')) expect(sourceOf(file), file).not.toMatch(banned)
  })

  test('transports and the protocol never see XState', () => {
    const wrong = all.filter(
      ({ from, target }) =>
        ['transports', 'http', 'protocol', 'dialects', 'client', 'commands'].includes(layerOf(from)) &&
        target.startsWith('xstate'),
    )
    expect(wrong.map(({ from }) => from)).toEqual([])
  })

  test('protocol and dialects import nothing of Node', () => {
    expect(
      all.filter(
        ({ from, target }) => ['protocol', 'dialects', 'commands'].includes(layerOf(from)) && target.startsWith('node:'),
      ),
    ).toEqual([])
  })

  test('there is no circle of imports between files', () => {
    const graph = new Map<string, string[]>()
    for (const { from, target, typeOnly } of local) if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), target])
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, 'a circle').not.toContain(file)
      if (done.has(file)) return
      for (const next of graph.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
  })

  test('files stay small', () => {
    const large = files.filter((file) => sourceOf(file).split('\n').length > 300)
    // The two charts of a service: two screens of states each, and their vocabulary above them; and the list of all bounds.
    expect(large.sort()).toEqual(['machines/process.ts', 'machines/service.ts', 'protocol/limits.ts'])
  })
})

/** The inspector's page: paths from src/, as `../inspector/web/main.tsx`. */
describe('the import law of the page', () => {
  const page = sourcesIn(resolve(root, '../inspector')).map((file) => join('../inspector', file))
  const imports = page.flatMap(importsOf)
  const of = (folder: string) => imports.filter(({ from }) => from.startsWith(`../inspector/${folder}/`))

  test('it is a client like any other: of ours it imports the protocol and the client for browsers', () => {
    const ours = imports.filter(({ target }) => /\.tsx?$/.test(target) && !target.startsWith('../inspector/'))
    expect(ours.length).toBeGreaterThan(0)
    const wrong = ours.filter(({ target }) => !target.startsWith('protocol/') && target !== 'client/browser.ts')
    expect(wrong.map(({ from, target }) => `${from} → ${target}`)).toEqual([])
  })

  test('nothing that it loads pulls in zod, Node or a transport', () => {
    const loaded = new Set<string>()
    const foreign = new Set<string>()
    const load = (file: string): void => {
      if (loaded.has(file)) return
      loaded.add(file)
      for (const { target, typeOnly } of importsOf(file)) {
        if (typeOnly) continue
        if (/\.tsx?$/.test(target)) load(target)
        else if (!target.endsWith('.css')) foreign.add(target)
      }
    }
    load('../inspector/web/main.tsx')
    expect([...foreign].sort()).toEqual([
      '@preact/signals',
      'elkjs/lib/elk-api.js',
      'elkjs/lib/elk-worker.min.js?url',
      'preact',
      'preact/hooks',
    ])
  })

  test('views know the model and nothing of what surrounds them; the model knows no view', () => {
    const wrong = [
      ...of('web/views').filter(({ target }) => target.startsWith('../inspector/web/shell/')),
      ...of('web/model').filter(({ target }) => /^\.\.\/inspector\/web\/(?:shell|views)\//.test(target)),
      ...of('layout').filter(({ target }) => target.startsWith('../inspector/web/')),
    ]
    expect(wrong.map(({ from, target }) => `${from} → ${target}`)).toEqual([])
  })

  test('its files stay small', () => {
    expect(page.filter((file) => sourceOf(file).split('\n').length > 300)).toEqual([])
  })
})
