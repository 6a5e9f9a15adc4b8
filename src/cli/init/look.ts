import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { loadConfig } from '../../config/load.ts'
import { messageOf } from '../../protocol/errors.ts'
import { parseJson } from '../../protocol/json.ts'
import type { Draft } from './document.ts'
import { freePort, readTunnel } from './magictunnel.ts'
import { readScripts } from './package-scripts.ts'
import type { Finding, ServicePlan } from './plan.ts'
import { readProcfile } from './procfile.ts'

/** What a folder has, as a config: the first of MagicTunnel, Procfile and package.json that is there; else an example. */
export async function lookAt(dir: string): Promise<Draft & { readonly notes: readonly string[] }> {
  const tunnel = readTunnel(dir)
  if (tunnel !== undefined) {
    // What is taken over must be right before it is; this says what is not, and where.
    if (tunnel.config !== undefined) loadConfig(join(dir, tunnel.config), process.env)
    const httpPort = await freePort()
    const notes = [...tunnel.notes, `the HTTP port is ${httpPort}: 3001 is MagicTunnel's own`]
    return { ...tunnel, httpPort, notes: [...notes, ...leftAside(dir, ['Procfile', 'package.json'])] }
  }
  const notes: string[] = []
  const procfile = existsSync(join(dir, 'Procfile')) ? readProcfile(readFileSync(join(dir, 'Procfile'), 'utf8')) : undefined
  if (procfile !== undefined) return draftOf(procfile, leftAside(dir, ['package.json']))
  const scripts = packageScripts(dir, notes)
  if (scripts !== undefined) return draftOf(scripts, notes)
  return draftOf({ from: 'an example, as nothing here was recognised', services: [example], notes }, [])
}

const draftOf = ({ from, services, notes }: Finding, further: readonly string[]) => ({
  from,
  services,
  supervisor: undefined,
  httpPort: undefined,
  notes: [...notes, ...further],
})

const leftAside = (dir: string, files: readonly string[]): string[] =>
  files.filter((file) => existsSync(join(dir, file))).map((file) => `${file}: left aside`)

function packageScripts(dir: string, notes: string[]): Finding | undefined {
  const path = join(dir, 'package.json')
  if (!existsSync(path)) return undefined
  try {
    const found = readScripts(dir, parseJson(readFileSync(path, 'utf8')))
    if (found === undefined) notes.push('package.json: has no script that goes on running (start, dev, serve, worker)')
    return found
  } catch (error) {
    notes.push(`package.json: left aside: ${messageOf(error)}`)
    return undefined
  }
}

const example: ServicePlan = {
  name: 'example',
  command: 'sh',
  args: ['-c', 'while true; do date; sleep 5; done'],
  comment: 'The program and its arguments; no shell is involved unless you name one, as here.',
}
