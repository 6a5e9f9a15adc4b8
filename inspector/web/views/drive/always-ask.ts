import { signal } from '@preact/signals'

/** Is it asked each time before something is stopped? Kept in this browser. */

const key = 'hyphae.always-ask'

function kept(): boolean {
  try {
    return localStorage.getItem(key) === 'yes'
  } catch {
    // It may not be used: then it holds for this page alone.
    return false
  }
}

export const alwaysAsk = signal(kept())

export function setAlwaysAsk(on: boolean): void {
  alwaysAsk.value = on
  try {
    if (on) localStorage.setItem(key, 'yes')
    else localStorage.removeItem(key)
  } catch {
    // As above.
  }
}
