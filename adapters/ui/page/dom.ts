/**
 * How elements are made: by name, attributes and children. Text becomes text nodes and nothing else; markup, handlers in
 * attributes and addresses may not be in this file.
 */

/** `true` is an attribute without a value; `false` is none. */
export type Attributes = Readonly<Record<string, string | boolean>>;

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A picture of one dark path on a light square of `size` units. */
export function drawing(size: number, path: string, label: string): Element {
  const part = (name: string, attributes: Readonly<Record<string, string>>): Element => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const box = `0 0 ${String(size)} ${String(size)}`;
  const picture = part('svg', { viewBox: box, role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' });
  picture.append(
    part('rect', { width: '100%', height: '100%', fill: '#fff' }),
    part('path', { d: path, fill: '#000' }),
  );
  return picture;
}

/** A button that submits nothing. */
export function button(text: string, attributes: Attributes = {}, press?: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', ...attributes }, text);
  if (press !== undefined) made.addEventListener('click', press);
  return made;
}

export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Only when it is another one: a screen reader says every change. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Bytes that were neutralised, as the string that the page needs. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
