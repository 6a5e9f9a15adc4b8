import { signal } from '@preact/signals'

/** Where the page is narrow, the actors and the overview take turns. */

export const wantsOverview = signal(false)

export function Switch() {
  return (
    <div class="switch" role="group" aria-label="Shown">
      {([false, true] as const).map((overview) => (
        <button
          key={String(overview)}
          type="button"
          class="toggle"
          aria-pressed={wantsOverview.value === overview}
          onClick={() => (wantsOverview.value = overview)}
        >
          {overview ? 'Overview' : 'Actors'}
        </button>
      ))}
    </div>
  )
}
