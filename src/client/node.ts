import { resolve } from 'node:path'
import process from 'node:process'
import { findControlSocket } from '../control-socket.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { createClient, type Client, type ClientOptions } from './client.ts'
import { networkPlace, type NetworkOptions } from './network.ts'
import { unixPlace } from './unix.ts'

/** How Node finds an orchestrator: told where, else as the command line does. */

export interface ConnectOptions extends ClientOptions, Partial<NetworkOptions> {
  /** Path of its unix socket. */
  readonly socket?: string | undefined
  /** Authorities to trust, PEM, where the certificate at `url` is of none that Node knows. Without it: those of Node, and NODE_EXTRA_CA_CERTS. */
  readonly ca?: string | undefined
}

const variable = (name: string): string | undefined => {
  const value = process.env[name]
  return value === '' ? undefined : value
}

/** Neither `socket` nor `url`: HYPHAE_URL (with HYPHAE_TOKEN), else the state folder HYPHAE_STATE, else `.hyphae` here. */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { socket, url: given, token, ca } = options
  if (socket !== undefined && given !== undefined) {
    throw new HyphaeError('invalid_params', 'url: expected either a socket or a url, got both', { field: 'url' })
  }
  if (socket !== undefined) return createClient(unixPlace(socket), options)
  const reach = ca === undefined ? undefined : await (await import('./trusting.ts')).trusting(ca)
  if (given !== undefined) return createClient(networkPlace(given, token, reach), options)
  const url = variable('HYPHAE_URL')
  if (url !== undefined) return createClient(networkPlace(url, token ?? variable('HYPHAE_TOKEN'), reach), options)
  return createClient(unixPlace(findControlSocket(resolve(variable('HYPHAE_STATE') ?? '.hyphae'))), options)
}
