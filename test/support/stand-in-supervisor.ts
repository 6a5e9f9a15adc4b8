import { createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * A stand-in for the supervisor's TCP port, not the real one: it keeps what it is asked and answers with lines that the
 * original was seen to send.
 */
export async function standInSupervisor(answers: Readonly<Record<string, string>>, otherwise?: (socket: Socket) => void) {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end < 0) return
      const line = text.slice(0, end)
      asked.push(line)
      const answer = answers[Object.keys(answers).find((start) => line.startsWith(start)) ?? '']
      if (answer === undefined) otherwise?.(socket)
      else socket.end(`${answer}\n`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async end(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type StandIn = Awaited<ReturnType<typeof standInSupervisor>>
