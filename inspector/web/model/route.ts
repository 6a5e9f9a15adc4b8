/** What the address bar says: `#/service.web`, `#/x:12` for a part of another actor, `#/login/<ticket>`. */

export type Route =
  | { readonly at: 'overview' }
  | { readonly at: 'actor'; readonly name: string }
  /** A login that works once, and where to go then. */
  | { readonly at: 'login'; readonly ticket: string; readonly name: string | null }

const plain = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function routeOf(hash: string): Route {
  const path = hash.replace(/^#\/?/, '')
  if (path === '') return { at: 'overview' }
  const [, ticket, name = ''] = /^login\/([^/]+)(?:\/(.*))?$/.exec(path) ?? []
  if (ticket !== undefined) return { at: 'login', ticket: plain(ticket), name: name === '' ? null : plain(name) }
  return { at: 'actor', name: plain(path) }
}

/** An address holds nothing that would have to be written otherwise, but a colon may stand in it. */
export const hashOf = (name: string | null): string =>
  name === null ? '#/' : `#/${encodeURIComponent(name).replaceAll('%3A', ':')}`
