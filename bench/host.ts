// Runs a fleet of $1 sleeping services, or one that floods its log, and answers over IPC: memory on request.
import process from 'node:process'
import { admin, fleet, facts, spec } from './fleet.ts'

const [kind = 'sleep', count = '0'] = process.argv.slice(2)
const names = Array.from({ length: Number(count) }, (_, i) => `s${i}`)
const many = await fleet(
  kind === 'flood'
    ? [
        spec({
          name: 'flood',
          command: '/bin/sh',
          args: ['-c', `exec head -c ${Number(count) * 1024 * 1024} /dev/zero`],
          oneShot: true,
        }),
      ]
    : names.map((name) => spec({ name })),
)
process.on('message', (message: string) => void obey(message))
async function obey(message: string): Promise<void> {
  if (message === 'start') {
    const all = facts(many, 'service.ready', names.length)
    await many.gateway.invoke(admin, 'service.start', { services: names, wait: false })
    if (names.length > 0) await all
  }
  if (message === 'flood') {
    const done = facts(many, 'service.completed', 1)
    await many.gateway.invoke(admin, 'service.start', { services: ['flood'], wait: false })
    await done
  }
  if (message === 'end') {
    await many.end()
    process.disconnect()
    return
  }
  process.send?.(message)
}
process.send?.('up')
