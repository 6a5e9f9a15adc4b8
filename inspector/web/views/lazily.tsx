import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { later } from '../model/later.ts'

/** A view that is fetched later. `load` imports it. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let found: ComponentType<P> | undefined
  const ask = later(async () => (found = await load()))
  return function Later(props: P) {
    const [View, show] = useState<ComponentType<P> | null>(() => found ?? null)
    const [failed, fail] = useState(false)
    useEffect(() => {
      if (View !== null) return
      let gone = false
      ask().then(
        (view) => gone || show(() => view),
        () => gone || fail(true),
      )
      return () => {
        gone = true
      }
    }, [])
    if (View !== null) return <View {...props} />
    return failed ? <p role="alert">This part of the page cannot be fetched now: nobody answers. Try it again later.</p> : null
  }
}
