import { isLoopback } from '../protocol/endpoint.ts'

/** Names under which a caller may mean us. A page of somebody else whose name was made to lead here means another. */
export interface OwnNames {
  /** Beside those of this machine for itself; in lower case. */
  readonly names: readonly string[]
  /** Any address in digits: no name that somebody else could have made to lead here. */
  readonly anyAddress: boolean
}

/** The host of a Host header, in lower case, without its port, its brackets and a final dot; undefined when it is none. */
export function hostOf(written: string): string | undefined {
  const [, bracketed, name, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(written) ?? []
  if (port !== undefined && Number(port) > 65_535) return undefined
  // What looks like an address and is none: nobody is there.
  if (URL.parse(`http://${written}`) === null) return undefined
  return (bracketed ?? name?.replace(/\.$/, ''))?.toLowerCase()
}

const isAddress = (host: string): boolean => host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)

export const isOwn = (host: string, { names, anyAddress }: OwnNames): boolean =>
  isLoopback(host) || names.includes(host) || (anyAddress && isAddress(host))

/** The names of a listener that was told to listen on this host. `machine`: what this machine is called. */
export function ownNames(host: string, machine: string): OwnNames {
  if (isLoopback(host)) return { names: [], anyAddress: false }
  const wild = host === '0.0.0.0' || host === '::'
  return { names: wild ? [machine.toLowerCase()] : [host.toLowerCase()], anyAddress: wild }
}

/** Is it the origin of our own pages, as the browser reached them? */
export function isOwnOrigin(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  if (url === null || url.origin !== origin || !/^https?:$/.test(url.protocol)) return false
  return URL.parse(`${url.protocol}//${host}`)?.origin === origin
}
