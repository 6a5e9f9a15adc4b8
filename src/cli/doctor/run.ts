import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { readCgroups } from '../../actors/cgroup-fs.ts'
import { markedProcesses } from '../../actors/scan.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { childEnvironment } from '../../environment.ts'
import { messageOf } from '../../protocol/errors.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { logsIn, stateIdOf } from '../../state-dir.ts'
import { configPath, stateFolder } from '../state-folder.ts'
import { failure, type Finding } from './finding.ts'
import { checkJournal } from './journal.ts'
import { checkContainment, checkIdentity, checkOverlap, checkRotation } from './machine.ts'
import { askOrchestrator, checkOrchestrator, nobody, type Answer } from './orchestrator.ts'
import { checkPorts } from './ports.ts'
import { checkClock, checkDescriptors, checkInit, checkInstallation, checkNode, checkNotify, checkPage } from './runtime.ts'
import { checkEnvFiles, checkProbedPorts, checkPrograms } from './services.ts'
import { checkConfig, checkExposure, checkTokens } from './settings.ts'
import { checkFileSystem, checkFolder, checkLogs, checkRoom, checkSocketPath } from './state.ts'

/** All checks, in the order in which a start would trip over what they find. Changes nothing. */
export async function examine(given: string | undefined): Promise<Finding[]> {
  const { env } = process
  const uid = process.getuid?.() ?? 0
  const path = await configPath(given)
  const { config, findings: ofConfig } = checkConfig(path, env)
  const stateDir = config?.stateDir ?? (await stateFolder(given).catch(() => null))
  const services = config?.services ?? []
  const inherited = childEnvironment(env, config?.secretVariables ?? [])
  const answer = stateDir === null ? nobody : await askOrchestrator(stateDir)
  const { fleet } = answer
  const checks: readonly Check[] = [
    ['node', () => checkNode(process.versions.node, process.execPath)],
    ['installation', () => checkInstallation()],
    ['inspector', () => checkPage()],
    ['descriptors', () => checkDescriptors(read('/proc/self/limits'), services.length)],
    ['init', () => checkInit(read('/proc/1/cmdline'))],
    ['systemd-notify', () => checkNotify(env, existsSync('/run/systemd/system'))],
    ['log rotation', () => checkRotation(inherited)],
    ['containment', () => checkContainment(services)],
    ['config', () => ofConfig],
    ...(config === null ? [] : checksOf(config, { fleet, uid, inherited })),
    ...(stateDir === null ? [] : checksOfFolder(stateDir, { answer, uid })),
  ]
  const findings: Finding[] = []
  for (const [name, check] of checks) findings.push(...(await outcomeOf(name, check)))
  if (stateDir === null) findings.push(failure('state folder', 'the config does not tell where it is', 'see: hyphae validate'))
  return findings
}

type Outcome = Finding | readonly Finding[] | null
type Check = readonly [name: string, check: () => Outcome | Promise<Outcome>]

const checksOf = (
  config: LoadedConfig,
  { fleet, uid, inherited }: { readonly fleet: FleetStatus | null; readonly uid: number; readonly inherited: NodeJS.ProcessEnv },
): Check[] => [
  ['exposure', () => checkExposure(config)],
  ['token', () => checkTokens(config)],
  ['ports', () => checkPorts(config, fleet)],
  ['users', () => checkIdentity(config.services, uid, inherited)],
  ['overlap', () => checkOverlap(config.services)],
  ['services', () => checkPrograms(config.services, inherited)],
  ['env files', () => checkEnvFiles(config)],
  ['probes', async () => checkProbedPorts(config, fleet, await ofEarlierRun(config.stateDir, fleet))],
]

const checksOfFolder = (stateDir: string, { answer, uid }: { readonly answer: Answer; readonly uid: number }): Check[] => [
  ['clock', () => checkClock(Date.now(), stateDir)],
  ['state folder', () => checkFolder(stateDir, uid)],
  ['free space', () => checkRoom(stateDir)],
  ['file system', () => checkFileSystem(stateDir)],
  ['socket path', () => checkSocketPath(stateDir)],
  ['logs', () => checkLogs(logsIn(stateDir))],
  ['journal', () => checkJournal(stateDir, answer.fleet)],
  ['orchestrator', () => checkOrchestrator(stateDir, answer)],
]

/** What stands in the way of one check must not be in that of the others. */
async function outcomeOf(name: string, check: Check[1]): Promise<readonly Finding[]> {
  try {
    const found = await check()
    return found === null ? [] : [found].flat()
  } catch (error) {
    return [failure(name, `it can't be looked at: ${messageOf(error)}`, 'run hyphae doctor as the user that Hyphae runs as')]
  }
}

/** Is it one that an orchestrator of this state folder left running? Where one runs, that need not be known. */
async function ofEarlierRun(stateDir: string, fleet: FleetStatus | null): Promise<(pid: number) => boolean> {
  const stateId = stateIdOf(stateDir)
  const marked = new Set(fleet === null ? (await markedProcesses(stateId)).map(({ pid }) => pid) : [])
  return (pid) => marked.has(pid) || readCgroups(pid).includes(`/hyphae-${stateId}/`)
}

/** Empty where this system has no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
