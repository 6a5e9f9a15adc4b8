import type { Command } from 'commander'
import { connect } from '../../client/index.ts'
import { findControlSocket } from '../../control-socket.ts'
import { identityOf } from '../../identity.ts'
import { queryTime, type Common } from '../connection.ts'
import { stateFolder } from '../state-folder.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addId(program: Command): void {
  program
    .command('id')
    .description('Show who this state folder is to other machines; makes its key at the first time')
    .option('--json', 'print it as JSON')
    .action(async (_: Options, command: Command) => {
      const { config, json } = command.optsWithGlobals<Options>()
      const folder = await stateFolder(config)
      const identity = { ...identityOf(folder), addresses: await meshAddresses(folder) }
      if (json === true) return out.json(identity)
      const { key, peerId, addresses } = identity
      await out.lines([
        `key        ${key}`,
        `peer id    ${peerId}`,
        `addresses  ${addresses.length === 0 ? '- (no mesh is listening)' : addresses.join(', ')}`,
      ])
    })
}

/** Where others reach it now: nowhere, while nothing runs. */
async function meshAddresses(folder: string): Promise<string[]> {
  const client = await connect({ socket: findControlSocket(folder), ...queryTime }).catch(() => undefined)
  try {
    // No service: it costs nothing to ask.
    const fleet = await client?.call('system.status', { services: [] }, queryTime)
    return (fleet?.listeners ?? []).flatMap(({ name, address }) => (name === 'mesh' && address !== null ? [address] : []))
  } finally {
    client?.close()
  }
}
