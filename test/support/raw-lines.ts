import { connect } from 'node:net'
import { once } from 'node:events'

/** JSON-RPC as it goes over the socket, for what no client of ours would send. */
export async function connectRaw(path: string) {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.setEncoding('utf8')
  let buffered = ''
  const text = async (line: string): Promise<unknown> => {
    socket.write(`${line}\n`)
    for (;;) {
      const end = buffered.indexOf('\n')
      if (end >= 0) {
        const answer = buffered.slice(0, end)
        buffered = buffered.slice(end + 1)
        return JSON.parse(answer) as unknown
      }
      const [chunk] = (await once(socket, 'data')) as [string]
      buffered += chunk
    }
  }
  return {
    /** One line, one answer. */
    text,
    ask: async (request: { readonly method: string; readonly params: object }) =>
      (await text(JSON.stringify({ jsonrpc: '2.0', id: 1, ...request }))) as {
        readonly result?: unknown
        readonly error?: unknown
      },
    close: (): void => void socket.destroy(),
  }
}
