import { connect, type Client } from '../client/index.ts'
import { findControlSocket } from '../control-socket.ts'
import { stateFolder } from './state-folder.ts'

/** What every verb takes. */
export interface Common {
  readonly config?: string
}

/** How long a running orchestrator may take to answer what it only has to look up, ms. */
export const queryTime = { timeout: 10_000 } as const

/** Talks to the orchestrator of the state folder that is meant. */
export async function withClient<T>({ config }: Common, talk: (client: Client) => Promise<T>): Promise<T> {
  const socket = findControlSocket(await stateFolder(config))
  const client = await connect({ socket, ...queryTime })
  try {
    return await talk(client)
  } finally {
    client.close()
  }
}
