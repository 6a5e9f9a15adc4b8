import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { PageModel } from '../model/page-model.ts'
import { keysShown } from './keys.tsx'
import { setTheme, theme, type Theme } from './theme.ts'

/** What is not needed all the time. */
export function Menu({ model }: { readonly model: PageModel }) {
  const open = useSignal(false)
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const file = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!open.value) return
    const leave = (event: Event): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) !== true) open.value = false
    }
    addEventListener('pointerdown', leave)
    return () => removeEventListener('pointerdown', leave)
  }, [open.value])
  const close = (): void => {
    open.value = false
    button.current?.focus()
  }
  const choose = (act: () => void) => () => {
    close()
    act()
  }
  return (
    <div
      class="menu"
      ref={box}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Escape' || !open.value) return
        event.stopPropagation()
        close()
      }}
    >
      <button
        ref={button}
        type="button"
        class="quiet"
        aria-expanded={open.value}
        aria-controls="menu"
        onClick={() => (open.value = !open.value)}
      >
        Menu
      </button>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        aria-label="Recording to open"
        hidden
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.files?.[0]
          currentTarget.value = ''
          if (chosen !== undefined) void model.openRecording(chosen)
        }}
      />
      {open.value ? (
        <div id="menu" class="menu-items">
          <button type="button" disabled={!model.known.value} onClick={choose(() => void model.exportRecording())}>
            Export recording
          </button>
          <button type="button" onClick={choose(() => file.current?.click())}>
            Open recording …
          </button>
          <hr />
          <fieldset>
            <legend>Theme</legend>
            {(['system', 'light', 'dark'] as const satisfies readonly Theme[]).map((one) => (
              <label key={one}>
                <input type="radio" name="theme" checked={theme.value === one} onChange={() => setTheme(one)} /> {one}
              </label>
            ))}
          </fieldset>
          <hr />
          <button type="button" onClick={choose(() => (keysShown.value = true))}>
            Keys <kbd>?</kbd>
          </button>
          <a href="./api">HTTP interface</a>
          <a href="./openapi.json">OpenAPI document</a>
          {model.me.value === null ? null : (
            <button type="button" onClick={choose(() => model.login(''))}>
              Sign in as somebody else
            </button>
          )}
        </div>
      ) : null}
    </div>
  )
}
