import { useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { PageModel } from '../model/page-model.ts'
import { ActorPane } from './actor-pane.tsx'
import { leafOf } from '../model/words.ts'
import { dragging, listenForFiles } from './dropping.ts'
import { Messages } from './foot.tsx'
import { Keys, listenForKeys } from './keys.tsx'
import { Login } from './login.tsx'
import { Missing } from './missing.tsx'
import { Overview } from './overview.tsx'
import { Side } from './side.tsx'
import { Switch, wantsOverview } from './switch.tsx'
import { TimeBar } from './time-bar.tsx'
import { TopBar } from './top-bar.tsx'

/** The whole page. */
export function Page({ model }: { readonly model: PageModel }) {
  useEffect(() => listenForKeys(model), [])
  useEffect(() => listenForFiles(model), [])
  useSignalEffect(() => {
    const id = model.selected.value
    const row = id === null ? undefined : model.shown.value.actors.get(id)
    document.title = row === undefined ? 'Hyphae' : `${model.nameOf(row.id)}: ${leafOf(row.end ?? row.state ?? '')} · Hyphae`
  })
  const link = model.link.value
  const selected = model.selected.value
  const past = model.moment.value !== null
  return (
    <div
      class={`page ${past ? 'page-past' : ''} ${selected === null && model.missing.value === null ? `page-list ${wantsOverview.value ? 'page-overview' : ''}` : 'page-actor'}`}
    >
      <a class="skip" href="#main" onClick={skip}>
        Skip to the actor
      </a>
      <TopBar model={model} />
      {link.state === 'login' ? (
        <Login model={model} why={link.why} />
      ) : (
        <>
          <Switch />
          <Side model={model} />
          <main class="main" id="main" tabIndex={-1}>
            <Main model={model} />
          </main>
          <TimeBar model={model} />
        </>
      )}
      <Messages model={model} />
      <Keys />
      {dragging.value ? <div class="drop">Drop a recording to open it</div> : null}
    </div>
  )
}

/** The address bar says who is looked at, so the link goes there by itself. */
function skip(event: MouseEvent): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#main')?.focus()
}

function Main({ model }: { readonly model: PageModel }) {
  const missing = model.missing.value
  const selected = model.selected.value
  if (missing !== null) return <Missing model={model} {...missing} />
  if (selected !== null) return <ActorPane model={model} id={selected} />
  return <Overview model={model} />
}
