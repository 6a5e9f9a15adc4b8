import type { PageModel } from '../model/page-model.ts'
import { Menu } from './menu.tsx'
import { topBarSlots } from './slots.ts'

/** Whose page it is, what it is connected to and how that stands, and who one is there. */
export function TopBar({ model }: { readonly model: PageModel }) {
  const me = model.me.value
  return (
    <header class="top-bar">
      <a class="brand" href="#/" aria-label="Hyphae: overview">
        <img src="./icon.svg" alt="" width="22" height="22" />
        <h1>Hyphae</h1>
      </a>
      <LinkState model={model} />
      <div class="top-slots">
        {topBarSlots.map((Slot, index) => (
          <Slot key={index} inspector={model} />
        ))}
      </div>
      {me === null ? null : (
        <span class="who" title={`signed in as ${me.name}, role ${me.role}`}>
          <span class="who-name">{me.name}</span> <span class="chip chip-none">{me.role}</span>
        </span>
      )}
      <Menu model={model} />
    </header>
  )
}

function LinkState({ model }: { readonly model: PageModel }) {
  const link = model.link.value
  const [kind, words] = wordsOf(model)
  return (
    <div class={`link link-${kind}`}>
      <span class="link-dot" aria-hidden="true" />
      <span role="status" class="link-words">
        {words}
      </span>
      {link.state === 'file' ? null : <span class="link-host">{location.host}</span>}
      {link.state === 'lost' && link.retryAt !== undefined ? <Retry model={model} at={link.retryAt} /> : null}
      {link.state === 'file' ? (
        <button type="button" class="quiet" onClick={model.closeRecording}>
          Close
        </button>
      ) : null}
    </div>
  )
}

function wordsOf({ link, moment }: PageModel): readonly [kind: string, words: string] {
  const now = link.value
  switch (now.state) {
    case 'connecting':
      return ['waiting', 'connecting']
    case 'login':
      return ['waiting', 'not signed in']
    case 'live':
      return moment.value === null ? ['live', 'live'] : ['past', 'in the past']
    case 'lost':
      return ['lost', 'connection lost']
    case 'file':
      return ['file', `recording ${now.name}`]
  }
}

function Retry({ model, at }: { readonly model: PageModel; readonly at: number }) {
  // Second by second the clock of the page says how long it still takes.
  void model.now.value
  const seconds = Math.max(1, Math.ceil((at - Date.now()) / 1_000))
  return (
    <>
      <span class="link-retry">trying again in {seconds} s</span>
      <button type="button" class="quiet" onClick={model.retry}>
        Try now
      </button>
    </>
  )
}
