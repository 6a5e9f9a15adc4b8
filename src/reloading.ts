import { dirname, resolve } from 'node:path'
import { isForeign } from './actors/foreign-path.ts'
import process from 'node:process'
import { fromCallback, type CallbackLogicFunction } from 'xstate'
import type { Boot, ReloadOptions } from './boot.ts'
import type { Directory } from './directory.ts'
import type { ChangeoverInput, ChangeoverTold, ConfigRead, ReloadRefused, SourceInput } from './machines/reload.ts'
import { HyphaeError, messageOf } from './protocol/errors.ts'
import type { HookSpec } from './protocol/hook.ts'
import type { ControlRules } from './protocol/control-rules.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import { modeVariable, type ModeAnswer } from './protocol/mode.ts'
import { sameSpec } from './protocol/record.ts'
import { changesInWords, type ConfigChanges, type ReadConfig, type ReloadAnswer, type ReloadRefusal } from './protocol/reload.ts'

/** What fills the ports of a reload: how the config is read, compared and gone over to, one reload at a time. */

/**
 * Reads the services of a config; null is the one of now, where that is no file. `switched`: the mode that a command chose, which
 * comes before what the config says. Rejects when it is wrong.
 */
export type LoadConfig = (path: string | null, switched?: string) => Promise<ReadConfig>

export interface ReloadingParts {
  readonly directory: Directory
  fleet(): Pick<Boot, 'changes' | 'reload'>
  /** Without it nothing can be read again. */
  readonly loadConfig: LoadConfig | undefined
  /** As it is at the start. */
  readonly config: ReadConfig
  /** What children inherit: filled anew with the config. */
  readonly environment: NodeJS.ProcessEnv
  /** From now on these hold. */
  takeRules(rules: ControlRules): void
  status(): string
}

export function createReloading({ directory, fleet, loadConfig, config, environment, takeRules, status }: ReloadingParts) {
  /** What takes effect with a start only is as it was then. */
  const { settings: begun = {} } = config
  if (config.mode != null) environment[modeVariable] = config.mode
  // What children inherit now is what they inherit again after a way back to it.
  let current: ReadConfig = { ...config, environment: config.environment ?? { ...environment } }
  let holder: Address | null = null

  const refuseWhileStopping = (): void => {
    if (status() !== 'running')
      throw new HyphaeError('shutting_down', `the orchestrator is ${status()}; nothing is reloaded any more`)
  }
  const take = (address: Address): void => {
    if (holder !== null && holder !== address && directory.refOf(holder) !== undefined) {
      const what = parseAddress(holder).kind === 'switch' ? 'is switching the mode' : 'is reloading the config already'
      throw new HyphaeError('busy', `${holder} ${what}`, { reload: holder })
    }
    holder = address
  }
  const pathOf = (asked: string | null): string | null => {
    if (asked === null) return current.path
    return resolve(current.path === null ? process.cwd() : dirname(current.path), asked)
  }
  const read = async (asked: string | null): Promise<ReadConfig> => {
    if (loadConfig === undefined) {
      const message = 'this orchestrator was given its services by a program (no loadConfig): there is no config to read again'
      throw new HyphaeError('unavailable', message)
    }
    const path = pathOf(asked)
    if (asked !== null && path !== null && isForeign(path, dirname(current.path ?? path))) {
      const problem = `${path}: others can write it, and so choose what is run`
      throw new HyphaeError('invalid_params', problem, { field: 'config_path', problems: [problem] })
    }
    // A mode that was switched to stays.
    return loadConfig(path, current.modes?.source === 'switched' ? (current.mode ?? undefined) : undefined)
  }
  const answerOf = (next: ReadConfig, { services: changes, groups }: ConfigChanges, dryRun: boolean): ReloadAnswer => {
    const { settings = {}, services, warnings = [], envFiles = [], path } = next
    const late = [...new Set([...Object.keys(begun), ...Object.keys(settings)])]
      .filter((name) => !sameSpec({ value: begun[name] }, { value: settings[name] }))
      .map((name) => `${name} has changed: that takes effect with the next start`)
    return {
      config: path,
      dry_run: dryRun,
      changes: [...changes],
      groups: [...groups],
      unchanged: services.length - changes.filter(({ change }) => change !== 'removed').length,
      because: dryRun ? `${changesInWords(changes, groups)}; a dry run tells nobody` : changesInWords(changes, groups),
      env_files: [...envFiles],
      warnings: [...warnings, ...late],
    }
  }

  const source: CallbackLogicFunction<{ type: 'source.none' }, ConfigRead | ReloadRefused, SourceInput> = ({
    input: { address, configPath, dryRun },
    sendBack,
  }) => {
    let over = false
    const look = async (): Promise<ConfigRead> => {
      if (!dryRun) take(address)
      const next = await read(configPath)
      refuseWhileStopping()
      return {
        type: 'config.read',
        read: next,
        answer: answerOf(next, fleet().changes(next.services, next.groups ?? []), dryRun),
      }
    }
    look().then(
      (fact) => void (over || sendBack(fact)),
      (error: unknown) => void (over || sendBack({ type: 'reload.refused', refusal: refusalOf(error, configPath) })),
    )
    return () => void (over = true)
  }

  const become = (next: ReadConfig): void => {
    if (next.environment !== undefined) {
      for (const name of Object.keys(environment)) if (!(name in next.environment)) delete environment[name]
      Object.assign(environment, next.environment)
    }
    if (next.rules !== undefined) takeRules(next.rules)
    current = next
  }
  const goOver = async (next: ReadConfig, options?: ReloadOptions): Promise<ReloadAnswer> => {
    refuseWhileStopping()
    become(next)
    const changes = await fleet().reload(next.services, next.groups ?? [], options)
    if (changes === null) refuseWhileStopping()
    return answerOf(next, changes ?? { services: [], groups: [] }, false)
  }
  const changeover: CallbackLogicFunction<{ type: 'changeover.none' }, ChangeoverTold | ReloadRefused, ChangeoverInput> = ({
    input,
    sendBack,
  }) => {
    let over = false
    goOver(input.read).then(
      (answer) => void (over || sendBack({ type: 'changeover.told', answer })),
      (error: unknown) => void (over || sendBack({ type: 'reload.refused', refusal: refusalOf(error, null) })),
    )
    return () => void (over = true)
  }

  return {
    source: fromCallback(source),
    changeover: fromCallback(changeover),
    /** Takes the place of those who change what runs; one at a time. Throws `busy`. */
    take,
    refuseWhileStopping,
    goOver,
    /** The config in force. */
    current: (): ReadConfig => current,
    /** Before anything was started: another one than was read at first. */
    become,
    /** The config that is read from now on. */
    path: (): string | null => current.path,
    warnings: (): readonly string[] => current.warnings ?? [],
    mode: (): string | null => current.mode ?? null,
    hooks: (): readonly HookSpec[] => current.hooks ?? [],
    modes(): ModeAnswer {
      const { mode = null, modes } = current
      const {
        description = null,
        available_features: shown = [],
        hidden_features: hidden = [],
      } = modes?.all.find(({ name }) => name === mode) ?? {}
      const source = modes?.source ?? (mode === null ? 'none' : 'file')
      return {
        mode,
        source,
        description,
        available_features: [...shown],
        hidden_features: [...hidden],
        modes: [...(modes?.all ?? [])],
      }
    },
    /** The modes of a service that is left out now; instances of one are all left out, or none. */
    leftOut: (name: string) => current.leftOut?.get(name) ?? current.leftOut?.get(`${name}-1`),
    /** Goes over to services that a program has at hand. */
    async reload(services: ReadConfig['services'], groups: ReadConfig['groups'] = current.groups): Promise<string> {
      take(addressOf('supervisor', 'root'))
      try {
        return (await goOver({ ...current, services, groups: groups ?? [] })).because
      } finally {
        holder = null
      }
    },
  }
}

/** A refusal as the caller is told. Whatever a reader says of a config is about the config. */
function refusalOf(error: unknown, asked: string | null): ReloadRefusal {
  if (error instanceof HyphaeError && error.code !== 'invalid_params') {
    const { code, message, data } = error
    return { code, message, data }
  }
  const told = error instanceof HyphaeError ? error.data['problems'] : undefined
  const problems = Array.isArray(told) && told.every((one) => typeof one === 'string') ? told : [messageOf(error)]
  const field = error instanceof HyphaeError ? error.data['field'] : undefined
  const [first = ''] = (problems[0] ?? '').split('\n')
  // What names no place is about the file as a whole.
  if (asked !== null && field === 'config_path')
    return { code: 'invalid_params', message: `config_path: ${first}`, data: { field, problems } }
  return { code: 'invalid_params', message: first, data: { problems } }
}
