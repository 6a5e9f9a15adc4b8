/**
 * A stand-in for MagicTunnel's dashboard page, not the real one: what its restart and its mode switch were seen to do, with
 * shorter times. One function without anything around it, so that it also runs within a browser.
 */

export interface PageErrand {
  /** `http://127.0.0.1:3001/dashboard/api` */
  readonly api: string
  readonly path: 'system/restart' | 'system/custom-restart' | 'system/switch-mode'
  readonly body?: object
  /** Waits of the page, ms. */
  readonly times: { readonly before: number; readonly between: number; readonly reload: number }
}

export interface PageVisit {
  /** What it showed, in order: `error: Restart Timeout`. */
  readonly banners: readonly string[]
  readonly reloaded: boolean
  /** The mode as the page has it after that. */
  readonly mode: string | null
}

export async function standInDashboardPage({ api, path, body, times }: PageErrand): Promise<PageVisit> {
  const banners: string[] = []
  const switches = path === 'system/switch-mode'
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const give = (why: string): PageVisit => {
    banners.push(`error: ${why}`)
    return { banners, reloaded: false, mode: null }
  }
  banners.push(switches ? 'switching: 30' : 'restarting: 30')
  let accepted = false
  try {
    const response = await fetch(`${api}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // What restarts may answer nothing, or break off; that counts as done.
    if (response.status === 200 || response.status === 500) {
      const text = await response.text()
      try {
        accepted = text === '' || (JSON.parse(text) as { status?: unknown }).status === 'success'
      } catch {
        accepted = true
      }
    }
  } catch {
    accepted = true
  }
  if (!accepted) return give(switches ? 'Mode Switch Failed' : 'Restart Failed')
  await pause(times.before)
  for (let left = 6; left > 0; left--) {
    try {
      const status = await fetch(`${api}/status`)
      const mode = await fetch(`${api}/mode`)
      if (status.ok && mode.ok) {
        const { runtime_mode: now } = (await mode.json()) as { runtime_mode: string }
        banners.push(switches ? 'success: Mode Switch Complete' : 'success: Restart Complete')
        await pause(times.reload)
        return { banners, reloaded: true, mode: now }
      }
    } catch {
      // It is not back yet.
    }
    await pause(times.between)
  }
  return give(switches ? 'Mode Switch Timeout' : 'Restart Timeout')
}
