import { createServer } from 'node:net'
import { portHolder, type PortHolder } from '../../actors/port-holder.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { joinHost } from '../../protocol/endpoint.ts'
import { systemCode } from '../../protocol/errors.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Checks of the ports that Hyphae listens on. */

export async function checkPorts({ supervisor, http }: LoadedConfig, fleet: FleetStatus | null): Promise<Finding[]> {
  const surfaces = [
    { name: 'supervisor', ...supervisor },
    { name: 'http', ...http },
  ]
  const findings: Finding[] = []
  for (const { name, host, port } of surfaces) {
    if (port === null) findings.push(ok(`port of ${name}`, 'off'))
    else findings.push(await checkPort(name, host, port, fleet))
  }
  return findings
}

async function checkPort(name: string, host: string, port: number, fleet: FleetStatus | null): Promise<Finding> {
  const check = `port of ${name}`
  const place = joinHost(host, port)
  const listener = fleet?.listeners.find((one) => one.name === name)
  if (listener !== undefined && listener.address !== null) return ok(check, `${listener.address}: ours`)
  if (port === 0) return ok(check, `${place}: a free one is taken`)
  const other = `set ${name}.port to another one (or to off); until then the fleet runs without it`
  // Looked at before it is tried: a connection could come in the moment between.
  const holder = portHolder(host, port)
  if (holder !== null) {
    const ours = holder.pid === fleet?.supervisor.pid
    return ours ? ok(check, `${place}: ours`) : warning(check, `${place} is held by ${wordsOf(holder)}`, other)
  }
  const refused = await tryToBind(host, port)
  if (refused === null) return ok(check, `${place} is free`)
  if (refused === 'EADDRINUSE')
    return warning(check, `${place} is held by a process that we may not look at`, `${other}; as root: ss -ltnp`)
  if (refused === 'EACCES')
    return failure(check, `we may not listen on ${place}`, 'choose a port above 1023, or give CAP_NET_BIND_SERVICE')
  return failure(check, `${place} can't be listened on (${refused})`, `set ${name}.host to an address of this machine`)
}

export const wordsOf = ({ pid, command }: PortHolder): string => `pid ${pid} (${command})`

/** Binds it and lets it go at once. Resolves to null, or to why not. */
export function tryToBind(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => resolve(systemCode(error) ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}
