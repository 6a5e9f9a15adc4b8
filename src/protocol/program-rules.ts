import type { Decision, Judged, ProgramRules, ProgramSpec } from './program.ts'
import { splitWords } from './words.ts'

/**
 * May this program be run, and as which argv? Pure: what a wire says can only narrow what the config permits.
 * Nothing here ever becomes a line for a shell, unless the config allows shell lines.
 */
export function decide(spec: ProgramSpec, rules: ProgramRules): Decision {
  const { type, command, args = [] } = spec
  if (!spec.is_safe) return refuse('is_safe', unsafe)
  if (spec.allowed_in_production === false && rules.production === true)
    return refuse(inProduction, `${shown(command)} is marked as not allowed in production`)
  const env = Object.entries(spec.env ?? {})
  const variable = decisiveVariable(spec.env)
  if (variable !== undefined) return refuse('env', `the variable ${shown(variable)} decides what is run, so it can't be set`)
  // In its folder npm looks for settings, and they name the shell that it uses.
  const placed = type === 'npm' ? env.find(([name]) => name.toUpperCase() === 'PREFIX')?.[0] : undefined
  if (placed !== undefined) return refuse('env', `npm takes its settings from where the variable ${shown(placed)} says`)
  // Each variable is one of make's own, and may become part of a line for a shell.
  const made = type === 'make' ? env.find(([name, value]) => !isPlain(name, value))?.[0] : undefined
  if (made !== undefined) return refuse('env', `make could run anything with this value of the variable ${shown(made)}`)
  const list = rules.allowed[type]
  const listed = (word: string): boolean => list.includes(word)
  const barred = rules.barred?.[type] ?? []
  const bars = [command, ...(type === 'make' || type === 'npm' ? args : [])].find((word) => barred.includes(word))
  if (bars !== undefined)
    return refuse(
      inProduction,
      `${type === 'binary' || type === 'shell' ? '' : `${type} `}${shown(bars)} is not allowed in production`,
    )
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
      const wrong = type === 'make' ? args.find((arg) => !listed(arg) && !harmless(arg)) : loader(spec, listed)
      return wrong === undefined
        ? allow([type, command, ...args])
        : refuse(rule, `${type} could run anything with the argument ${shown(wrong)}`)
    }
  }
}

/** All of them, before any of them is run. */
export const judge = (specs: readonly ProgramSpec[], rules: ProgramRules): Judged[] =>
  specs.map((spec) => ({ spec, decision: decide(spec, rules) }))

/** The rule of entries and commands that are for development alone. */
const inProduction = 'allowed_in_production'

const unsafe = 'Command marked as unsafe and execution was denied'

const allow = (argv: readonly string[]): Decision => ({ allowed: true, argv })
const refuse = (rule: string, because: string): Decision => ({ allowed: false, rule, because })
const shown = (word: string): string => JSON.stringify(word.length > 60 ? `${word.slice(0, 59)}…` : word)

function shell({ command, args = [] }: ProgramSpec, { allowed, barred, allowShell }: ProgramRules): Decision {
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
  if (barred?.shell.includes(program) === true) return refuse(inProduction, `${shown(program)} is not allowed in production`)
  // Whoever may use a shell may use it for this, too.
  if (allowShell || allowed.shell.includes(program)) return allow([...words, ...args])
  return refuse('security.allowed_programs.shell', `${shown(program)} is not among security.allowed_programs.shell`)
}

/** Variables by which a program is made to run another one. */
const decidesWhatRuns = new RegExp(
  [
    '^(PATH|SHELL|SHELLOPTS|BASHOPTS|BASH_ENV|BASH_FUNC_.*|ENV|IFS|PS4|PROMPT_COMMAND',
    'LD_.*|DYLD_.*|GCONV_PATH|GLIBC_TUNABLES|MAKE|MAKEFILES|MAKEFLAGS|MFLAGS|GNUMAKEFLAGS',
    'HOME|XDG_.*|ZDOTDIR|NODE_(OPTIONS|PATH|REPL_.*)|OPENSSL_.*|PERLLIB|PERL5(OPT|LIB|DB|SHELL)|RUBY(OPT|LIB|PATH|SHELL)|GEM_.*|BUNDLE_.*',
    'PYTHON(STARTUP|PATH|HOME|INSPECT|USERBASE|BREAKPOINT|WARNINGS|EXECUTABLE|PLATLIBDIR|PYCACHEPREFIX)|PHPRC|PHP_INI_SCAN_DIR',
    '(JDK_)?JAVA_(TOOL_)?OPTIONS|_JAVA_OPTIONS|JAVA_(HOME|OPTS)|(MAVEN|GRADLE)_OPTS|CLASSPATH|LUA_INIT.*|LUA_C?PATH.*',
    'GO(FLAGS|ROOT|ENV|TOOLCHAIN)|DOTNET_(STARTUP_HOOKS|ROOT.*|ADDITIONAL_DEPS|SHARED_STORE)|CORECLR_.*|ERL_([AZ]?FLAGS|LIBS)',
    'RUSTC.*|CARGO|CARGO_(HOME|BUILD_.*|TARGET_.*|HOST_.*|CREDENTIAL_.*|REGISTR.*|UNSTABLE_.*|DOC_.*|NET_.*|ENCODED_.*|ALIAS_.*)|RUSTUP_.*|RUSTDOC|RUSTFLAGS',
    'CC|CXX|AR|LD|(CC|CXX|AR)_.*|.*_(CC|CXX|AR)|CMAKE|CMAKE_.*(LAUNCHER|COMPILER|TOOLCHAIN|PROGRAM).*|PROTOC|PKG_CONFIG(_.*)?',
    'TAR_OPTIONS|LESSOPEN|.*_(ASKPASS|RSH)|GIT_.*|EDITOR|VISUAL|PAGER|BROWSER|HYPHAE_.*)$|^npm_config_',
  ].join('|'),
  'i',
)

/** The first of these variables that would decide what is run. */
export const decisiveVariable = (env: Readonly<Record<string, string>> = {}): string | undefined =>
  Object.keys(env).find((name) => decidesWhatRuns.test(name))

/** How make works, not what it makes; and plain values of variables that name no program. */
const harmless = (arg: string): boolean =>
  /^(-j\d*|-[ksnBiw]|--(jobs(=\d+)?|keep-going|silent|dry-run|always-make|no-print-directory))$/.test(arg) ||
  (/^[A-Za-z_][A-Za-z0-9_]*=/.test(arg) && isPlain(arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)))

/** Programs and options of them that make's own rules use: a word of the caller's would be run in their place. */
const usedByMake =
  /^(SHELL|MAKE[A-Z_]*|AR|AS|CC|CXX|CPP|OBJC|FC|F77|M2C|PC|LD|LEX|YACC|LINT|CO|GET|TEX|TEXI2DVI|C?WEAVE|C?TANGLE|RM|.*FLAGS|(COMPILE|LINK|PREPROCESS)\..*)$/
const isPlain = (name: string, value: string): boolean => !usedByMake.test(name) && /^([\w.,:=][\w.,:=-]*)?$/.test(value)

/** Options by which cargo takes its settings, and so what it runs, from elsewhere. What follows `--` is not its own. */
const loadsSettings = /^(--(config|manifest-path|unit-graph|lockfile-path)(=|$)|-C|-Z)/

/** How npm works. It takes others in many spellings (`--script-sh`, `-script-shell`), so what is not known is refused. */
const harmlessToNpm =
  /^(-[sqd]|-ws?|--(silent|quiet|verbose|json|if-present|ignore-scripts|no-audit|no-fund|offline|prefer-offline|workspaces|include-workspace-root|workspace(=[\w@/.-]+)?|omit=(dev|optional|peer)))$/

/** What takes names of scripts, or none: a word behind any other names a package or program of the caller's choice. */
const scriptsOfNpm = /^(run|run-script|test|start|stop|restart)$/

function loader({ type, command, args = [] }: ProgramSpec, listed: (word: string) => boolean): string | undefined {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  if (type === 'cargo') return own.find((arg) => loadsSettings.test(arg))
  if (scriptsOfNpm.test(command)) return own.find((arg) => arg.startsWith('-') && !harmlessToNpm.test(arg))
  return args.find((arg) => arg !== '--' && !listed(arg) && !harmlessToNpm.test(arg))
}
