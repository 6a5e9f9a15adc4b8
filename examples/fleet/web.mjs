// An HTTP server with a health URL, and a graceful end.
import { createServer } from 'node:http'

const port = Number(process.env.PORT)
let served = 0
const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.end('ok\n')
    return
  }
  served++
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify({ task: served })}\n`)
})
server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${port}/`))

process.on('SIGTERM', () => {
  console.log(`stopping after ${served} requests`)
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
