/** What must not leave the process, and how it is recognised: by the name that a value has, wherever the name stands. */

export const leftOut = '‹left out›'

/** Anywhere in a name, however it is written: `accessToken`, `DB_PASSWORD`, `x-api-key`. */
const part =
  '(?:token|secret|passw|passphrase|authori[sz]ation|cookie|credential|api[-_. ]?key|private[-_. ]?key|access[-_. ]?key)'
const secretPart = new RegExp(part, 'i')
/** Only as a word of its own: `env` is one, `event` has none. */
const secretWords: ReadonlySet<string> = new Set([
  'env',
  'envs',
  'environ',
  'environment',
  'environments',
  'pwd',
  'pass',
  'auth',
  'headers',
  'webhook',
  'bearer',
  'ticket',
  // What programs wrote: whoever may see actors may not see that.
  'stdout',
  'stderr',
])

const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)

const known = new Map<string, boolean>()
/** Names of fields are few; a name from outside is not remembered for ever. */
const knownNames = 4_096

/** Does a value of this name stay here? */
export function isSecretName(name: string): boolean {
  const before = known.get(name)
  if (before !== undefined) return before
  const found = secretPart.test(name) || wordsOf(name).some((word) => secretWords.has(word))
  if (known.size >= knownNames) known.clear()
  if (name.length <= 64) known.set(name, found)
  return found
}

/** Could there be anything in it at all? Most texts are names and states. */
const worthALook = new RegExp(`${part}|[=@]|bearer|basic|digest|pwd|pass|auth|env`, 'i')
/** `Authorization: Bearer x`, `Cookie: a=b; c=d`: all that follows on the line. */
const header = /((?:proxy-)?authori[sz]ation|(?:set-)?cookie)(["']?\s*[:=]\s*)[^\r\n]+/gi
const scheme = /\b(bearer|basic|digest)(\s+)[^\s"',;]+/gi
/** As far as the last @ before the path. */
const userInfo = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi
/** A URL that was cut before its @. */
const cutUserInfo = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*$/i
/** `token=x`, `"password": "x y"`, `--api-key x`. */
const named = new RegExp(
  `(--?)?([\\w.-]*${part}[\\w.-]*|\\b(?:\\w+[_-])*(?:pwd|pass|auth|env)\\b)(["']?\\s*[=:]\\s*|\\s+)("(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s"',;&]+)`,
  'gi',
)
const assignment = /^(-{0,2}[\w.-]+)=/s
const colon = /^(["']?[\w.-]+["']?\s*:\s*)\S/s

/** How a caller is called who showed a token: `token:ci`. That is a name, and everybody may know who did something. */
const caller = /^token:[\w.-]{1,64}$/

/** A text without the secrets in it that can be recognised. `wasCut`: more followed, which may be what tells a secret. */
export function redactText(text: string, wasCut = false): string {
  if (!worthALook.test(text)) return wasCut ? text.replace(cutUserInfo, `$1${leftOut}`) : text
  const assigned = assignment.exec(text)
  if (assigned?.[1] !== undefined && isSecretName(assigned[1])) return `${assigned[1]}=${leftOut}`
  const stated = colon.exec(text)
  if (stated?.[1] !== undefined && isSecretName(stated[1]) && !caller.test(text)) return `${stated[1]}${leftOut}`
  const plain = text
    .replace(header, `$1$2${leftOut}`)
    .replace(userInfo, `$1${leftOut}@`)
    .replace(scheme, `$1$2${leftOut}`)
    .replace(named, (all: string, dashes: string | undefined, name: string, between: string, value: string) => {
      if (value.startsWith('‹left') || caller.test(`${name}${between}${value}`)) return all
      // Of words beside each other only an option takes the next one: "the token was wrong" is a sentence.
      return /[=:]/.test(between) || dashes !== undefined ? `${dashes ?? ''}${name}${between}${leftOut}` : all
    })
  return wasCut ? plain.replace(cutUserInfo, `$1${leftOut}`) : plain
}

const option = /^--?([\w.-]+)$/
/** An item of a list is the environment's when it looks like one of its entries. */
const entry = /^([A-Z_][A-Z0-9_]*)=/s

/** Is this item of a list a secret by what stands before it: `--token`, `-H` and then `Authorization: …`? */
export const followsSecretName = (before: unknown): boolean => {
  const name = typeof before === 'string' ? option.exec(before)?.[1] : undefined
  return name !== undefined && isSecretName(name)
}

/** An item of a list: as a text, and what an environment would hold is left out altogether. */
export const redactItem = (item: string, wasCut = false): string => {
  const name = entry.exec(item)?.[1]
  return name === undefined ? redactText(item, wasCut) : `${name}=${leftOut}`
}
