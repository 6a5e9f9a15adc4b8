import type { Command } from 'commander'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { HyphaeError, messageOf, systemCode } from '../../protocol/errors.ts'
import { comeBack, type Common } from '../connection.ts'
import { countOf, printable } from '../render/text.ts'
import { err, out } from '../terminal.ts'

interface Options extends Common {
  readonly force?: boolean
  readonly stdout?: boolean
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description('Write a config for what this folder has: MagicTunnel, a Procfile, scripts of a package.json')
    .option('--force', 'overwrite the config that is there')
    .option('--stdout', 'print it instead')
    .action(async (_: Options, command: Command) => {
      const { config, force = false, stdout = false } = command.optsWithGlobals<Options>()
      const path = config === undefined ? usualPath() : resolve(config)
      if (!force && !stdout && existsSync(path)) throw exists(path)
      const [{ lookAt }, { configText }] = await Promise.all([import('../init/look.ts'), import('../init/document.ts')])
      const draft = await lookAt(dirname(path))
      const text = configText(dirname(path), draft)
      if (stdout) await out.write(text)
      else write(path, text, force)
      const say = stdout ? err : out
      const rows = draft.services.map(({ name, command: run, args, aside }) => {
        const words = [run, ...args].join(' ')
        return `  ${name}: ${printable(words)}${aside === undefined ? '' : ` (not started with the fleet: ${printable(aside)})`}`
      })
      const count = draft.services.length === 0 ? '' : `: ${countOf(draft.services.length, 'service')}`
      await say.lines([`found ${draft.from}${count}`, ...rows, ...draft.notes.map((note) => `  ${printable(note)}`)])
      if (!stdout) await say.lines([`wrote ${path}`, `  run it: ${nextOf(config, path)}`])
    })
}

/** The one that `up` would take here. */
function usualPath(): string {
  const [first = '', ...others] = ['hyphae.yaml', 'hyphae.yml'].map((name) => join(process.cwd(), name))
  return [first, ...others].find((path) => existsSync(path)) ?? first
}

const nextOf = (config: string | undefined, path: string): string =>
  comeBack(config === undefined && (process.env['MAGICTUNNEL_CONFIG'] ?? '') === '' ? null : path)

const exists = (path: string): HyphaeError =>
  new HyphaeError('not_accepted', `${path} exists already; overwrite it with: hyphae init --force`, { path })

function write(path: string, text: string, force: boolean): void {
  const draft = `${path}.${process.pid}.new`
  try {
    // Without --force a file that came in between stays; with it the old one stays until the new one is whole.
    writeFileSync(force ? draft : path, text, { flag: 'wx' })
    if (force) renameSync(draft, path)
  } catch (error) {
    if (force) rmSync(draft, { force: true })
    else if (systemCode(error) === 'EEXIST') throw exists(path)
    throw new HyphaeError('failed', `${path} cannot be written: ${messageOf(error)}`, { path })
  }
}
