import { useEffect, useState } from 'preact/hooks'
import type { Banner } from '../../../../src/protocol/banner.ts'
import type { Inspector } from '../../model/inspector.ts'
import { bounds } from '../bounds.ts'
import './banner.css'

/** What the whole fleet is doing, in one sentence. */
export function BannerBar({ inspector }: { readonly inspector: Inspector }) {
  const [banner, setBanner] = useState<Banner | null>(null)
  const client = inspector.client.value
  useEffect(() => {
    setBanner(null)
    if (client === null) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const follow = async (): Promise<void> => {
      try {
        for await (const item of client.stream('system.banner_follow', {}, { signal: stop.signal })) setBanner(item)
      } catch {
        // Whoever shows how the connection stands says why.
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void follow(), bounds.again)
    }
    void follow()
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [client])
  if (banner === null) return null
  const { type, title, message, countdown_seconds: left, about } = banner
  return (
    <div class={`banner banner-${type}`} role="status">
      <b>{title}</b>
      {message === '' ? null : (
        <span class="banner-words" title={message}>
          {message}
        </span>
      )}
      {/* It ticks: nobody wants each second read out. */}
      {left === null ? null : (
        <span class="banner-left" aria-hidden="true">
          {left} s
        </span>
      )}
      {about === null ? null : (
        <a
          href={`#/${about}`}
          onClick={(event) => {
            const found = inspector.find(about)
            if (found === undefined) return
            event.preventDefault()
            inspector.select(found.id)
          }}
        >
          {about}
        </a>
      )}
    </div>
  )
}
