import { readFileSync } from 'node:fs'
import process from 'node:process'
import { connect, type Client } from '../client/index.ts'
import { findControlSocket } from '../control-socket.ts'
import { HyphaeError, messageOf } from '../protocol/errors.ts'
import { lostOrchestrator } from './orchestrator-process.ts'
import { stateFolder } from './state-folder.ts'

/** What every verb takes. */
export interface Common {
  readonly config?: string
  /** Where the orchestrator answers over the network; else HYPHAE_URL. */
  readonly url?: string
  readonly token?: string
  /** A file with authorities to trust; else HYPHAE_CA. */
  readonly ca?: string
}

const variable = (name: string): string | undefined => {
  const value = process.env[name]
  return value === '' ? undefined : value
}

/** The URL that is meant; undefined: the orchestrator of a state folder here. What is typed wins over what is in the environment. */
export function urlOf({ url, config, token }: Common): string | undefined {
  if (url !== undefined && config !== undefined) {
    throw new HyphaeError(
      'invalid_request',
      '--url and --config: expected one of them; a URL says already which orchestrator is meant',
    )
  }
  const found = url ?? (config === undefined ? variable('HYPHAE_URL') : undefined)
  if (found === undefined && token !== undefined) {
    throw new HyphaeError('invalid_request', '--token goes with --url (or HYPHAE_URL); on this machine none is needed')
  }
  return found
}

/** Is it reached over a network? Its pid means nothing here then, and its files are not here. */
export const isElsewhere = (common: Common): boolean => urlOf(common) !== undefined

/** Refuses what can only be done on this machine. */
export function refuseUrl(verb: string, { url, token }: Common): void {
  if (url === undefined && token === undefined) return
  throw new HyphaeError('invalid_request', `${verb} works on this machine only; run it where the orchestrator is, without --url`)
}

/** How long a running orchestrator may take to answer what it only has to look up, ms. */
export const queryTime = { timeout: 10_000 } as const

/** What to type to get an orchestrator for services that go on without one. */
export const comeBack = (config: string | null): string => `hyphae up${config === null ? '' : ` -c ${quoted(config)}`}`

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)

/** Talks to the orchestrator that is meant: by its URL, else that of the state folder. */
export async function withClient<T>(common: Common, talk: (client: Client) => Promise<T>): Promise<T> {
  const url = urlOf(common)
  const dialTimeout = queryTime.timeout
  const client = await (url === undefined
    ? connectHere(common, dialTimeout)
    : connect({ url, token: common.token ?? variable('HYPHAE_TOKEN'), ca: authorities(common), dialTimeout }))
  try {
    return await talk(client)
  } finally {
    client.close()
  }
}

/** Whom a certificate may be of, beside those that Node knows. */
function authorities({ ca }: Common): string | undefined {
  const file = ca ?? variable('HYPHAE_CA')
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new HyphaeError('invalid_request', `${ca === undefined ? 'HYPHAE_CA' : '--ca'}: ${messageOf(error)}`)
  }
}

async function connectHere({ config }: Common, dialTimeout: number): Promise<Client> {
  const folder = await stateFolder(config)
  const socket = findControlSocket(folder)
  return connect({ socket, dialTimeout }).catch((error: unknown) => {
    const pid = lostOrchestrator(folder)
    if (pid === undefined || !(error instanceof HyphaeError) || error.code !== 'unavailable') throw error
    // Whoever wants to stop something must know that it may run.
    const lost = `the last one (pid ${pid}) was lost, and what it ran may still run: hyphae up takes it back`
    throw new HyphaeError('unavailable', `no orchestrator answers at ${socket}; ${lost}`, { ...error.data, lost: pid })
  })
}
