// Carries what Hyphae publishes to a consumer that waits to be dialled, and its commands back:
// node relay.mjs ws://127.0.0.1:3001/inspect/stately ws://127.0.0.1:8080
import process from 'node:process'

const sockets = process.argv.slice(2, 4).map((url) => new WebSocket(url))
if (sockets.length < 2) {
  console.error('usage: node relay.mjs <where Hyphae publishes> <who waits for it>')
  process.exit(2)
}
sockets.forEach((socket, index) => {
  const other = sockets[1 - index]
  const early = []
  other.addEventListener('open', () => early.splice(0).forEach((text) => other.send(text)))
  socket.addEventListener('message', ({ data }) => (other.readyState === WebSocket.OPEN ? other.send(data) : early.push(data)))
  socket.addEventListener('error', () => console.error(`${process.argv[2 + index]}: no connection`))
  socket.addEventListener('close', ({ reason }) => {
    if (reason !== '') console.error(`${process.argv[2 + index]}: ${reason}`)
    process.exit(1)
  })
})
