import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A unix socket that leads to another one, and whose connections can be cut in the middle of whatever is said. */
export async function cutterTo(target: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-cut-'))
  const path = join(folder, 'cut.sock')
  const pairs = new Set<Socket>()
  let refusing = false
  const server = createServer((near) => {
    if (refusing) {
      near.destroy()
      return
    }
    const far = connect(target)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      pairs.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => {
        pairs.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  const cut = (): void => {
    for (const socket of pairs) socket.destroy()
  }
  return {
    path,
    cut,
    refuse(now: boolean) {
      refusing = now
      if (now) cut()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
