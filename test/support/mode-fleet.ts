import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Flags } from '../../src/config/load.ts'
import { loadConfig } from '../../src/config/load.ts'
import { optionsOf } from '../../src/embed.ts'
import type { OrchestratorOptions } from '../../src/options.ts'
import { startFleet } from './fleet.ts'

export interface ModeFleetOptions {
  readonly stateDir?: string
  readonly flags?: Flags
  readonly env?: Readonly<Record<string, string>>
  readonly options?: Partial<OrchestratorOptions>
}

/** A whole orchestrator with real processes, of a config text that stands in its state folder. */
export async function startModes(
  text: string,
  { stateDir = mkdtempSync(join(tmpdir(), 'hyphae-modes-')), flags = {}, env = {}, options = {} }: ModeFleetOptions = {},
) {
  const path = join(stateDir, 'hyphae.yaml')
  writeFileSync(path, text)
  const { MAGICTUNNEL_RUNTIME_MODE: _, ...inherited } = process.env
  const all = { ...inherited, ...env }
  const config = loadConfig(path, all, flags)
  const fleet = await startFleet(config.services, { ...optionsOf(config, { env: all }), stateDir, listeners: [], ...options })
  return {
    ...fleet,
    path,
    /** What the file says from now on. */
    says: (next: string): void => writeFileSync(path, next),
    switchTo: (mode: string, more: { wait?: boolean; request_id?: string } = {}) =>
      fleet.call('system.switch_mode', { mode, ...more }),
    names: (): readonly string[] => fleet.orchestrator.view.serviceNames(),
    /** A variable of the process of a service, as the kernel has it. */
    variable(service: string, name: string): string | undefined {
      const { pid } = fleet.status(service)
      const all = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
    },
    /** What the steps of switches told. */
    steps: (): string[] =>
      fleet.facts
        .filter(({ about, type }) => about.startsWith('switch.') && type === 'workflow.step')
        .map(({ data }) => `${String(data['step'])} ${String(data['outcome'])}`),
  }
}
export type ModeFleet = Awaited<ReturnType<typeof startModes>>
