import { errorCodes } from '../protocol/errors.ts'
import type { Method, Operation, Schema } from './api-part.ts'
import { curlLine, type CurlParts } from './curl-line.ts'
import { html, pageOf, prose, type Html, type Page } from './html.ts'
import type { OpenApi } from './openapi.ts'
import { style } from './page-style.ts'
import { rowsOf, typeOf, type Row } from './schema-rows.ts'

/** The document of the API for people: every operation with what it takes, answers and needs, and a line to copy. */

interface Listed {
  readonly path: string
  readonly method: Method
  readonly operation: Operation
}

const isMethod = (word: string): word is Method => word === 'get' || word === 'post'

/** Each path once: what can be had by GET can be had by POST as well, and one of them is enough to read. */
const listed = (document: OpenApi): Listed[] =>
  Object.entries(document.paths).flatMap(([path, methods]) => {
    const [method, operation] = Object.entries(methods)[0] ?? []
    return method !== undefined && isMethod(method) && operation !== undefined ? [{ path, method, operation }] : []
  })

function table(caption: string, rows: readonly Row[], input: boolean): Html {
  const requirement = (required: boolean): Html | string => (input ? html`<td>${required ? 'yes' : 'no'}</td>` : '')
  return html`<div class="wide">
    <table class="fields">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Type</th>
          ${input ? html`<th scope="col">Required</th>` : ''}
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, type, required, description }) =>
            html` <tr>
              <td><code>${name}</code></td>
              <td>${type}</td>
              ${requirement(required)}
              <td>${prose(description)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function taken({ parameters = [], requestBody }: Operation): Row[] {
  const body = requestBody?.content['application/json']?.schema
  const rows = parameters.map(({ name, in: where, required = false, description = '', schema = {}, content }): Row => {
    const type = content === undefined ? typeOf(schema) : 'object, as JSON'
    return { name: where === 'header' ? `${name} (header)` : name, type, required, description }
  })
  return [...(body === undefined ? [] : rowsOf(body)), ...rows]
}

function answers({ responses }: Operation): Html {
  const rows = Object.entries(responses).map(
    ([status, { description }]) =>
      html` <tr>
        <td>${status}</td>
        <td>${prose(description)}</td>
      </tr>`,
  )
  return html`<div class="wide">
    <table class="answers">
      <caption>
        Answers
      </caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">What, or the codes of its errors</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function output({ responses }: Operation): Html | string {
  const content = responses['200']?.content ?? {}
  const item = content['text/event-stream']?.['x-item-schema']
  const schema: Schema | undefined = item ?? content['application/json']?.schema
  const rows = schema === undefined ? [] : rowsOf(schema)
  if (rows.length === 0) return ''
  const title = item === undefined ? 'What the answer has in it' : 'What each event has in it'
  return html`<details>
    <summary>${title}</summary>
    ${table('Some stand there only in some cases', rows, false)}
  </details>`
}

/** All but its line to copy is made once. */
function section({ path, method, operation }: Listed, also: boolean): (curl: CurlParts) => Html {
  const { operationId, summary, 'x-permission': permission, 'x-kind': kind, security } = operation
  const who =
    security?.length === 0
      ? 'anybody'
      : permission === undefined
        ? 'whoever is known'
        : html`whoever has <code>${permission}</code>`
  const rows = taken(operation)
  const before = html`<h3 id="${operationId}-title">
      <span class="method">${method.toUpperCase()}</span> <span class="path"><code>${path}</code></span>
    </h3>
    <p>${prose(summary)}</p>
    <p class="facts">
      ${kind === undefined ? '' : html`${kind} · `}for ${who}${also ? html` · POST with the same as JSON does it too` : ''}
    </p>`
  const after = html`${rows.length === 0 ? html`<p class="dim">It takes nothing.</p>` : table('What it takes', rows, true)}
  ${answers(operation)} ${output(operation)}`
  return (curl) =>
    html`<section class="command" id="${operationId}" aria-labelledby="${operationId}-title">
      ${before}
      <pre class="line" tabindex="0">${curlLine(path, method, operation, curl)}</pre>
      ${after}
    </section>`
}

/** Anybody may ask for it, so what is the same for everybody is made once. */
export function apiPage(document: OpenApi): (curl: CurlParts) => Page {
  const all = listed(document)
  const ofTag = (tag: string): Listed[] => all.filter(({ operation }) => operation.tags.includes(tag))
  const hasPost = (path: string): boolean => {
    const { get, post } = document.paths[path] ?? {}
    return get !== undefined && post !== undefined
  }
  const index = document.tags.map(
    ({ name }) =>
      html`<h4>${name}</h4>
        <ul>
          ${ofTag(name).map(
            ({ path, method, operation }) =>
              html` <li><span class="method">${method.toUpperCase()}</span> <a href="#${operation.operationId}">${path}</a></li>`,
          )}
        </ul>`,
  )
  const codes = Object.entries(errorCodes).map(
    ([code, { status }]) =>
      html` <tr>
        <td><code>${code}</code></td>
        <td>${status}</td>
      </tr>`,
  )
  const tags = document.tags.map(({ name, description }) => ({
    name,
    description: prose(description),
    sections: ofTag(name).map((one) => section(one, hasPost(one.path))),
  }))
  return (curl) => {
    const token = curl.token
      ? html`<p>A token is needed: <code>export HYPHAE_TOKEN=…</code> first, and the lines below use it.</p>`
      : html`<p>Whoever is on this machine needs no token; from elsewhere it is <code>-H 'authorization: Bearer …'</code>.</p>`
    return pageOf({
      title: 'Hyphae: the API',
      style,
      body: html`<header>
          <h1>The API of Hyphae ${String(document.info['version'])}</h1>
          <p><a href="/">What goes on</a> · <a href="/openapi.json">The same for programs (OpenAPI 3.1)</a></p>
        </header>
        <main>
          <p>
            What reads is a GET with its input in the query: a list is a name that comes several times, an object is JSON. What
            changes something is a POST with JSON, and answers once it is done; <code>Prefer: respond-async</code> answers as soon
            as it is accepted, with 202. With the same <code>Idempotency-Key</code> it is done once. Streams are Server-Sent
            Events.
          </p>
          ${token}
          <form method="get" action="/api">
            <label for="service">Service in the lines to copy</label>
            <input id="service" name="service" value="${curl.service}" autocomplete="off" spellcheck="false" />
            <button>Show</button>
          </form>
          <nav aria-label="Operations">${index}</nav>
          ${tags.map(
            ({ name, description, sections }) =>
              html`<h2>${name}</h2>
                <p>${description}</p>
                ${sections.map((one) => one(curl))}`,
          )}
          <h2 id="errors">Errors</h2>
          <p>
            Each is <code>{"error": {"code", "message", "data"}}</code>; <code>data.field</code> is what is wrong,
            <code>data.rule</code> what refused.
          </p>
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <th scope="col">Code</th>
                  <th scope="col">Status</th>
                </tr>
              </thead>
              <tbody>
                ${codes}
              </tbody>
            </table>
          </div>
        </main>`,
    })
  }
}
