/** What keeps the first page up to date: two streams, and nothing is asked again and again. */
export const homeScript = `
'use strict'
const banner = document.querySelector('#banner')
const rows = document.querySelector('#rows')
const none = document.querySelector('#none')
const services = new Map()

// An EventSource does not say why it was refused, so it is asked once more.
async function reasonOf(url) {
  const stop = new AbortController()
  try {
    const response = await fetch(url, { signal: stop.signal })
    if (response.ok) return 'the connection was lost; load the page again'
    if (response.status === 401) return 'a token is needed, and a page has none; see /api'
    return (await response.json()).error.message
  } catch {
    return 'nobody answers'
  } finally {
    stop.abort()
  }
}
function follow(url, take, refused) {
  const source = new EventSource(url)
  source.onmessage = ({ data }) => take(JSON.parse(data))
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) void reasonOf(url).then(refused)
    else refused('the connection was lost; trying again')
  }
}

follow(
  '/api/v1/system/banner_follow',
  ({ type, text, countdown_seconds: left }) => {
    banner.className = type
    banner.textContent = text + (left === null || text.includes('remaining') ? '' : ' (' + left + ' s remaining)')
  },
  (why) => {
    banner.className = ''
    banner.textContent = 'What goes on cannot be shown: ' + why
  },
)

const looks = { healthy: 'good', completed: 'good', failed: 'bad', unhealthy: 'bad', 'backing off': 'bad' }
// Of the states within one another the innermost says most: live.running.healthy.
const wordOf = (state) => state.split('.').at(-1).replace(/[A-Z]/g, (letter) => ' ' + letter.toLowerCase())
function show() {
  const known = [...services.values()].sort((a, b) => (a.address < b.address ? -1 : 1))
  rows.replaceChildren(
    ...known.map(({ address, state, since, reason }) => {
      const row = document.createElement('tr')
      const word = wordOf(state)
      const texts = [address.slice('service.'.length), word, new Date(since).toLocaleString(), reason ?? '']
      for (const text of texts) row.insertCell().textContent = text
      row.cells[1].className = looks[word] ?? ''
      return row
    }),
  )
  none.textContent = known.length === 0 ? 'There are none.' : ''
}
follow(
  '/api/v1/actor/watch?filter=service.',
  (item) => {
    if (item.type === 'begin' && !item.resumed) services.clear()
    else if (item.type === 'reaped') services.delete(item.actor.address)
    else if (item.actor !== undefined) services.set(item.actor.address, item.actor)
    show()
  },
  (why) => {
    none.textContent = 'They cannot be shown: ' + why
  },
)
`
