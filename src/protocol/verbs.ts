/**
 * Control verbs, as `security.allowed_commands` lists them, and the commands that each admits. The names are those of the
 * text and of the JSON commands of the supervisor's TCP port; case, blanks, `-` and `_` do not matter.
 */
const verbs: Readonly<Record<string, readonly string[]>> = {
  status: [
    'system.status',
    'service.explain',
    'service.graph',
    'actor.list',
    'actor.get',
    'actor.watch',
    'events.read',
    'events.follow',
    'system.health',
    'system.metrics',
    'system.banner',
    'system.banner_follow',
    'system.mode',
    'system.whoami',
    'actor.events',
    'inspection.watch',
    'inspection.chart',
    'inspection.context',
    'access.ticket',
  ],
  health: ['system.status', 'system.health'],
  logs: ['logs.read', 'logs.follow'],
  start: ['service.start'],
  stop: ['service.stop'],
  restart: ['service.restart'],
  customrestart: ['service.custom_restart'],
  send: ['actor.send'],
  executecommand: ['program.run'],
  reloadconfig: ['system.reload'],
  lockdown: ['system.lockdown'],
  switchmode: ['system.switch_mode'],
  leave: ['system.leave'],
  shutdown: ['system.shutdown'],
}

/** Other names of the same verb. */
const synonyms: Readonly<Record<string, string>> = {
  healthcheck: 'health',
  execute: 'executecommand',
  reload: 'reloadconfig',
  down: 'shutdown',
}

const plain = (word: string): string => {
  const bare = word.toLowerCase().replaceAll(/[\s_-]/g, '')
  return Object.hasOwn(synonyms, bare) ? (synonyms[bare] ?? bare) : bare
}

export const isVerb = (word: string): boolean => Object.hasOwn(verbs, plain(word))

/** For hints; each verb by its first name. */
export const verbNames: readonly string[] = Object.keys(verbs)

/** The commands that these verbs admit; verbs that do not exist admit none. */
export const commandsOf = (words: readonly string[]): string[] => [
  ...new Set(words.flatMap((word) => (isVerb(word) ? (verbs[plain(word)] ?? []) : []))),
]

/** The verb that admits this command, as a config would list it. */
export const verbOf = (command: string): string | undefined => verbNames.find((verb) => verbs[verb]?.includes(command))

/** Is this verb, by any of its names, among these words? null: all are. */
export const admitsVerb = (words: readonly string[] | null, verb: string): boolean =>
  words === null || words.some((word) => plain(word) === plain(verb))
