/** What keeps the first page up to date: two streams, and nothing is asked again and again. Where a token is needed it is asked for. */
export const homeScript = `
'use strict'
const banner = document.querySelector('#banner')
const rows = document.querySelector('#rows')
const none = document.querySelector('#none')
const services = new Map()
// What stands below the services is shown once it need not move any more.
const main = document.querySelector('main')
main.className = 'waiting'

// Known to this page alone, and forgotten with it.
let token = null
const wanted = 'a token is needed'
const form = document.querySelector('#token')
const ask = (url, signal) => fetch(url, { signal, headers: token === null ? {} : { authorization: 'Bearer ' + token } })
async function reasonIn(response) {
  if (response.status === 401) form.hidden = false
  if (response.status === 401 && token === null) return wanted
  return (await response.json()).error.message
}

// An EventSource does not say why it was refused, so it is asked once more.
async function reasonOf(url) {
  const stop = new AbortController()
  try {
    const response = await ask(url, stop.signal)
    return response.ok ? 'the connection was lost; load the page again' : await reasonIn(response)
  } catch {
    return 'nobody answers'
  } finally {
    stop.abort()
  }
}

// Nor can it show a token: then the same stream is read here, until the token is not taken any more.
async function read(url, take, refused) {
  let why = 'the connection was lost'
  try {
    const response = await ask(url)
    if (!response.ok) {
      why = await reasonIn(response)
      if (response.status === 401 || response.status === 403) return refused(why)
    } else await takeAll(response.body, take)
  } catch {}
  refused(why + '; trying again')
  setTimeout(() => void read(url, take, refused), 3000)
}
async function takeAll(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const events = (rest + next.value).split('\\n\\n')
    rest = events.pop()
    for (const lines of events.map((event) => event.split('\\n'))) {
      const said = lines.find((line) => line.startsWith('data:'))
      if (said !== undefined && !lines.includes('event: end')) take(JSON.parse(said.slice('data:'.length)))
    }
  }
}
const streams = []
function follow(url, take, refused) {
  streams.push([url, take, refused])
  const source = new EventSource(url)
  source.onmessage = ({ data }) => take(JSON.parse(data))
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) void reasonOf(url).then(refused)
    else refused('the connection was lost; trying again')
  }
}
form.onsubmit = async (event) => {
  event.preventDefault()
  token = form.elements.token.value.trim()
  if (!/^[!-~]+$/.test(token)) return
  let why = 'nobody answers'
  try {
    const response = await ask('/api/v1/system/banner')
    if (response.ok) {
      form.hidden = true
      for (const stream of streams) void read(...stream)
      return
    }
    why = await reasonIn(response)
  } catch {}
  for (const [, , refused] of streams) refused(why)
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
// Of today the time says enough.
function timeOf(since) {
  const at = new Date(since)
  const today = at.toDateString() === new Date().toDateString()
  return today ? at.toLocaleTimeString() : at.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' })
}
function show() {
  const known = [...services.values()].sort((a, b) => (a.address < b.address ? -1 : 1))
  rows.replaceChildren(
    ...known.map(({ address, state, since, reason }) => {
      const row = document.createElement('tr')
      const word = wordOf(state)
      const texts = [address.slice('service.'.length), word, timeOf(since), reason ?? '']
      for (const text of texts) row.insertCell().textContent = text
      row.cells[1].className = looks[word] ?? ''
      row.cells[2].title = since
      return row
    }),
  )
  rows.className = ''
  main.className = ''
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
    rows.className = 'stale'
    main.className = ''
    none.textContent = (services.size === 0 ? 'They cannot be shown: ' : 'As they were last: ') + why
  },
)
`
