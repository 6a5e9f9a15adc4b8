import type { Decision, Judged, ProgramRules, ProgramSpec } from './program.ts'
import { splitWords } from './words.ts'

/**
 * May this program be run, and as which argv? Pure: what a wire says can only narrow what the config permits.
 * Nothing here ever becomes a line for a shell, unless the config allows shell lines.
 */
export function decide(spec: ProgramSpec, rules: ProgramRules): Decision {
  const { type, command, args = [] } = spec
  if (!spec.is_safe) return refuse('is_safe', unsafe)
  const variable = Object.keys(spec.env ?? {}).find((name) => decidesWhatRuns.test(name))
  if (variable !== undefined) return refuse('env', `the variable ${variable} decides what is run, so it can't be set`)
  const list = rules.allowed[type]
  const listed = (word: string): boolean => list.includes(word)
  const rule = `security.allowed_programs.${type}`
  switch (type) {
    case 'shell':
      return shell(spec, rules)
    case 'binary':
      return listed(command) ? allow([command, ...args]) : refuse(rule, `${shown(command)} is not among ${rule}`)
    case 'make':
    case 'cargo':
    case 'npm': {
      if (command.startsWith('-') || (type === 'cargo' && command.startsWith('+')))
        return refuse(rule, `${shown(command)} is an option, not a command of ${type}`)
      if (!listed(command)) return refuse(rule, `${type} ${shown(command)} is not among ${rule}`)
      const wrong = type === 'make' ? args.find((arg) => !listed(arg) && !harmless(arg)) : loader(type, args)
      return wrong === undefined
        ? allow([type, command, ...args])
        : refuse(rule, `${type} could run anything with the argument ${shown(wrong)}`)
    }
  }
}

/** All of them, before any of them is run. */
export const judge = (specs: readonly ProgramSpec[], rules: ProgramRules): Judged[] =>
  specs.map((spec) => ({ spec, decision: decide(spec, rules) }))

const unsafe = 'Command marked as unsafe and execution was denied'

const allow = (argv: readonly string[]): Decision => ({ allowed: true, argv })
const refuse = (rule: string, because: string): Decision => ({ allowed: false, rule, because })
const shown = (word: string): string => JSON.stringify(word.length > 60 ? `${word.slice(0, 59)}…` : word)

function shell({ command, args = [] }: ProgramSpec, { allowed, allowShell }: ProgramRules): Decision {
  const line = splitWords(command)
  if ('flaw' in line) return refuse('command', `the command can't be read: ${line.flaw}`)
  const { words, needsShell } = line
  const [program] = words
  if (needsShell) {
    return allowShell
      ? allow(['sh', '-c', command, ...args])
      : refuse('security.allow_shell', `${shown(command)} needs a shell, which security.allow_shell does not permit`)
  }
  if (program === undefined || program === '') return refuse('command', 'the command is empty')
  // Whoever may use a shell may use it for this, too.
  if (allowShell || allowed.shell.includes(program)) return allow([...words, ...args])
  return refuse('security.allowed_programs.shell', `${shown(program)} is not among security.allowed_programs.shell`)
}

/** Variables by which a program is made to run another one. */
const decidesWhatRuns = new RegExp(
  [
    '^(PATH|SHELL|SHELLOPTS|BASHOPTS|BASH_ENV|BASH_FUNC_.*|ENV|IFS|PS4|PROMPT_COMMAND',
    'LD_.*|DYLD_.*|GCONV_PATH|GLIBC_TUNABLES|MAKE|MAKEFILES|MAKEFLAGS|MFLAGS|GNUMAKEFLAGS',
    'NODE_OPTIONS|NODE_PATH|PYTHON(STARTUP|PATH|HOME|INSPECT)|PERL5(OPT|LIB|DB)|RUBY(OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS',
    'RUSTC.*|CARGO|CARGO_HOME|CARGO_BUILD_.*|CARGO_TARGET_.*|RUSTUP_.*|RUSTDOC|RUSTFLAGS|CARGO_ENCODED_.*|CARGO_ALIAS_.*',
    'GIT_.*|EDITOR|VISUAL|PAGER|BROWSER|HYPHAE_.*)$|^npm_config_',
  ].join('|'),
  'i',
)

/** How make works, not what it makes; and plain values of variables that name no program. */
const harmless = (arg: string): boolean =>
  /^(-j\d*|-[ksnBiw]|--(jobs(=\d+)?|keep-going|silent|dry-run|always-make|no-print-directory))$/.test(arg) ||
  (/^[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_.-]*$/.test(arg) && !/^(SHELL|MAKE|MAKE[A-Z_]*|MFLAGS|GNUMAKEFLAGS)=/.test(arg))

/** Options by which cargo and npm take their settings, and so what they run, from elsewhere. What follows `--` is not theirs. */
const loaders = {
  cargo: /^(--(config|manifest-path|unit-graph|lockfile-path)(=|$)|-C|-Z)/,
  npm: /^(--(script-shell|shell|prefix|userconfig|globalconfig|node-options|git|editor|viewer|call)(=|$)|-[Cc])/,
} as const

function loader(type: keyof typeof loaders, args: readonly string[]): string | undefined {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).find((arg) => loaders[type].test(arg))
}
