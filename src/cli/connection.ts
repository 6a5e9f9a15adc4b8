import { connect, type Client } from '../client/index.ts'
import { findControlSocket } from '../control-socket.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { lostOrchestrator } from './orchestrator-process.ts'
import { stateFolder } from './state-folder.ts'

/** What every verb takes. */
export interface Common {
  readonly config?: string
}

/** How long a running orchestrator may take to answer what it only has to look up, ms. */
export const queryTime = { timeout: 10_000 } as const

/** What to type to get an orchestrator for services that go on without one. */
export const comeBack = (config: string | null): string => `hyphae up${config === null ? '' : ` -c ${quoted(config)}`}`

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)

/** Talks to the orchestrator of the state folder that is meant. */
export async function withClient<T>({ config }: Common, talk: (client: Client) => Promise<T>): Promise<T> {
  const folder = await stateFolder(config)
  const socket = findControlSocket(folder)
  const client = await connect({ socket, ...queryTime }).catch((error: unknown) => {
    const pid = lostOrchestrator(folder)
    if (pid === undefined || !(error instanceof HyphaeError) || error.code !== 'unavailable') throw error
    // Whoever wants to stop something must know that it may run.
    const lost = `the last one (pid ${pid}) was lost, and what it ran may still run: hyphae up takes it back`
    throw new HyphaeError('unavailable', `no orchestrator answers at ${socket}; ${lost}`, { ...error.data, lost: pid })
  })
  try {
    return await talk(client)
  } finally {
    client.close()
  }
}
