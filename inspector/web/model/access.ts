/** The token of this tab: kept while the tab is open, and never in the address bar. */

const key = 'hyphae.token'

export const tokenOf = (): string | undefined => {
  try {
    return sessionStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

export function keepToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, token)
  } catch {
    // A browser that keeps nothing asks again in the next tab.
  }
}

/** Changes a one-time ticket for a token. Throws an Error that says why not. */
export async function redeem(ticket: string): Promise<string> {
  const answer = await fetch('./login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
    credentials: 'omit',
    redirect: 'error',
  })
  const body: unknown = await answer.json().catch(() => null)
  const told = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const { token, error } = told
  if (answer.ok && typeof token === 'string' && token !== '') return token
  const why = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : `HTTP ${answer.status}`
  throw new Error(`this link is of no use (${why}); such a link works once and not for long`)
}

/** Ends the login of a token, so that nobody comes in by it later. One that the config lists is no login, and stays. */
export async function leave(token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  await fetch('./logout', { method: 'POST', headers, credentials: 'omit', redirect: 'error' }).catch(() => undefined)
}
