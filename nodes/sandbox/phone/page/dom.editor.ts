/**
 * The element with an id of page.html.
 * @throws {Error} when page.html and the script do not belong together
 */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (!element) throw new Error(`page.html has no #${id}`)
  return element as T
}

/** A new element with a text: never with HTML, because customers and flows write these texts. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.textContent = text
  return element
}

/** Changes a text only if it is another one: a live region speaks each change. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A point in time, in the form of the reader's language. */
export function timeOf(at: number, seconds = false): HTMLTimeElement {
  const date = new Date(at)
  const text = date.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' }),
  })
  const time = make('time', '', text)
  time.dateTime = date.toISOString()
  return time
}
