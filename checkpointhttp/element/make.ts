/** Makes an element of a page. Texts are never read as HTML. */
export const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Record<string, string | boolean | number>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const node = document.createElement(tag)
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'hidden' || key === 'required') node.toggleAttribute(key, !!value)
    else node.setAttribute(key, String(value))
  }
  node.append(...children)
  return node
}
