// A fleet of one service that floods its log with $1 MB. On `flood` it runs it and answers how long that took, ms.
import process from 'node:process'
import { admin, fleet, facts, spec } from './fleet.ts'

const [megabytes = '1'] = process.argv.slice(2)
const one = await fleet([
  spec({
    name: 'flood',
    command: '/bin/sh',
    args: ['-c', `exec head -c ${Number(megabytes) * 1024 * 1024} /dev/zero`],
    oneShot: true,
  }),
])
process.on('message', (message: string) => void obey(message))
process.send?.('up')

async function obey(message: string): Promise<void> {
  if (message === 'end') {
    await one.end()
    process.disconnect()
    return
  }
  const done = facts(one, 'service.completed', 1)
  const since = performance.now()
  await one.gateway.invoke(admin, 'service.start', { services: ['flood'], wait: false })
  await done
  process.send?.(performance.now() - since)
}
