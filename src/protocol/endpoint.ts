/** Places on a network: `tcp:127.0.0.1:8081` with a scheme, `[::1]:8081` without one. */

export interface HostAndPort {
  /** An IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

/** Splits a place with a scheme. */
export function hostAndPort(endpoint: string): HostAndPort {
  const place = endpoint.slice(endpoint.indexOf(':') + 1)
  const colon = place.lastIndexOf(':')
  return { host: place.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(place.slice(colon + 1)) }
}

/** A place without a scheme. */
export const joinHost = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** 127.0.0.0/8, ::1, the former mapped into IPv6, and the name that stands for them. */
export const isLoopback = (host: string): boolean =>
  /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host) || host === '::1' || host.toLowerCase() === 'localhost'
