import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { isMap, parseDocument, visit, type Node } from 'yaml'
import { isRecord, parseJson } from '../../protocol/json.ts'
import type { Finding, ServicePlan } from './plan.ts'

/** A MagicTunnel folder, and what is needed beside its services. */
export interface TunnelFinding extends Finding {
  /** Its own `supervisor:` block, where its config has one: taken over as it is. */
  readonly supervisor: Node | undefined
  /** The config that this block comes from. */
  readonly config: string | undefined
}

const binaries = ['./target/release/magictunnel', './magictunnel']
const ownConfig = 'magictunnel-config.yaml'
const mainConfigs = ['config.yaml', 'config.yml']

/** Recognises MagicTunnel by its program, its config, or a config with a `supervisor:` block. */
export function readTunnel(dir: string): TunnelFinding | undefined {
  const binary = binaries.find((path) => existsSync(join(dir, path)))
  const main = mainConfigs.find((file) => supervisorIn(join(dir, file)) !== undefined)
  const supervisor = main === undefined ? undefined : supervisorIn(join(dir, main))
  const hasOwn = existsSync(join(dir, ownConfig))
  if (binary === undefined && !hasOwn && main === undefined) return undefined
  if (supervisor !== undefined && isMap(supervisor) && supervisor.has('services')) {
    return { from: `${main} (MagicTunnel)`, services: [], notes: [], supervisor, config: main }
  }
  const config = hasOwn ? ownConfig : mainConfigs.find((file) => existsSync(join(dir, file)))
  const program: ServicePlan = {
    name: 'magictunnel',
    command: binary ?? './target/release/magictunnel',
    args: [...(config === undefined ? [] : ['--config', config]), '--log-level', 'info'],
    ...(binary === undefined ? { comment: 'Not built yet: cargo build --release' } : {}),
  }
  const notes = binary === undefined ? ['there is no MagicTunnel program yet; build it: cargo build --release'] : []
  return { from: 'MagicTunnel', services: [program, ...frontend(dir)], notes, supervisor: undefined, config: undefined }
}

function frontend(dir: string): ServicePlan[] {
  const path = join(dir, 'frontend', 'package.json')
  if (!existsSync(path)) return []
  try {
    const manifest = parseJson(readFileSync(path, 'utf8'))
    const scripts = isRecord(manifest) && isRecord(manifest['scripts']) ? manifest['scripts'] : {}
    if (typeof scripts['dev'] !== 'string') return []
    return [{ name: 'frontend', command: 'npm', args: ['run', 'dev'], workingDir: './frontend' }]
  } catch {
    return []
  }
}

/** The block, free of what stands elsewhere in the file. */
function supervisorIn(path: string): Node | undefined {
  if (!existsSync(path)) return undefined
  const document = parseDocument(readFileSync(path, 'utf8'), { uniqueKeys: false, merge: true, logLevel: 'silent' })
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined
  const block = document.contents.get('supervisor', true) as unknown
  if (!isMap(block)) return undefined
  let aliases = false
  visit(block, { Alias: () => void (aliases = true) })
  return aliases ? document.createNode((document.toJS() as Readonly<Record<string, unknown>>)['supervisor']) : block
}

/** Port 3001 is MagicTunnel's own. */
const firstTried = 3002
const lastTried = 3099

/** A free TCP port of this machine, near the usual one where there is one. */
export async function freePort(): Promise<number> {
  for (let port = firstTried; port <= lastTried; port++) {
    if (await isFree(port)) return port
  }
  return 0
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
