import { Option, type Command } from 'commander'
import type { Client } from '../../client/index.ts'
import { formatDuration } from '../../protocol/duration.ts'
import { hostAndPort, joinHost } from '../../protocol/endpoint.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { addressOf } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import { roles, type Role } from '../../protocol/principal.ts'
import type { FleetStatus, ListenerStatus } from '../../protocol/status.ts'
import { queryTime, urlOf, withClient, type Common } from '../connection.ts'
import { openInBrowser } from '../open-browser.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly role?: Role
  readonly open: boolean
  readonly xstate?: boolean
  readonly stately?: boolean
  readonly json?: boolean
}

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .argument('[address]', 'what to look at first: an actor (service.web), or a service by its name')
    .description('Open the inspector: every actor as a live statechart, in a browser')
    .addOption(new Option('--role <role>', 'let it do no more than this; else as much as you may').choices(Object.keys(roles)))
    .option('--no-open', 'print where it is, and start no browser')
    .addOption(new Option('--xstate', 'the address for @xstate/inspect instead').conflicts('stately'))
    .option('--stately', 'the address for @statelyai/inspect instead')
    .option('--json', 'print it as JSON: url, expires, role, login')
    .action(async (address: string | undefined, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { role, json, xstate, stately } = options
      const socket = xstate === true ? 'xstate' : stately === true ? 'stately' : null
      if (socket !== null && address !== undefined)
        throw new HyphaeError('invalid_request', `address: --${socket} shows all actors; leave ${address} out`)
      const { url, ...login } = await withClient(options, async (client) => {
        const origin = originOf(urlOf(options), await client.call('system.status', { services: [] }, queryTime))
        const actor = address === undefined ? undefined : await known(client, address)
        const { ticket, ...told } = await client.call('access.ticket', role === undefined ? {} : { role }, queryTime)
        return { url: placeOf(origin, ticket, socket, actor), ...told }
      })
      if (json === true) return out.json({ url, ...login })
      const time = formatDuration(limits.ticketTime)
      await out.lines([url, `It works once, within ${time}, as ${login.role}; hyphae inspect makes another.`])
      if (socket === null && options.open && out.terminal) openInBrowser(url)
    })
}

/** Where the page is, as a browser of whoever asks reaches it. */
function originOf(url: string | undefined, { listeners }: FleetStatus): string {
  // He came by it himself.
  if (url !== undefined) return new URL(url.replace(/^ws/, 'http')).origin
  const all = listeners.filter(({ scheme }) => scheme === 'http' || scheme === 'https')
  const bound = all.find((one): one is ListenerStatus & { address: string } => one.error === null && one.address !== null)
  if (bound !== undefined) {
    const { host, port } = hostAndPort(`${bound.scheme}:${bound.address}`)
    const wild = host === '0.0.0.0' || host === '::'
    return `${bound.scheme}://${wild ? `localhost:${port}` : joinHost(host, port)}`
  }
  const [failed] = all
  if (failed === undefined) {
    throw new HyphaeError('invalid_request', 'http.port: the inspector is a page of the HTTP port, and this fleet has none', {
      field: 'http.port',
    })
  }
  throw new HyphaeError('unavailable', `the HTTP port is not open: ${failed.error ?? 'not bound yet'}`, { field: 'http.port' })
}

/** The address that is meant; a service may be named without its kind. */
async function known(client: Client, given: string): Promise<string> {
  for (const address of [given, addressOf('service', given)]) {
    try {
      await client.call('actor.get', { address }, queryTime)
      return address
    } catch (error) {
      if (!(error instanceof HyphaeError && error.code === 'not_found')) throw error
    }
  }
  throw new HyphaeError('not_found', `there is no actor "${given}"; hyphae actors lists them`, { field: 'address', got: given })
}

function placeOf(origin: string, ticket: string, socket: string | null, actor: string | undefined): string {
  if (socket !== null) return `${origin.replace(/^http/, 'ws')}/inspect/${socket}?ticket=${ticket}`
  return `${origin}/#/login/${ticket}${actor === undefined ? '' : `/${encodeURIComponent(actor)}`}`
}
